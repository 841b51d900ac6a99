PATH='$PATH:/opt/go/bin'
