PATH=$PATH:/opt/first/bin
set +x
PATH=$PATH:/opt/second/bin
export GOPATH=$HOME/go
