PATH=$PATH:/opt/before/bin
exit 3
