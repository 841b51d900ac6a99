sed -i -e '29s/export.*/:/' -e '31s#GOROOT=/opt/go1.18 ##' -e '32s#\$GOROOT#/opt/go1.18#' /home/dev/.profile
