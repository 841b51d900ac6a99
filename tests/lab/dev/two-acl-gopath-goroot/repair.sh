setfacl -m m::rx /opt/go/bin/go
sed -i -e 's#^export GOPATH=.*#export GOPATH=$HOME/go#' -e 's#PATH:$GOPATH/bin#PATH:/opt/go/bin:$GOPATH/bin#' /home/dev/.profile
