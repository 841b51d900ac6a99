export GOPATH=$HOME/go
PATH=$PATH:/opt/go/bin
