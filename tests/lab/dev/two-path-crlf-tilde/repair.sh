sed -i -e 's/\r$//' -e '29s#~/go/bin#$HOME/go/bin#' /home/dev/.profile
