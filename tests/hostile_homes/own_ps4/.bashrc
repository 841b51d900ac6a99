PATH=$PATH:/opt/first/bin
PS4='+ '
PATH=$PATH:/opt/second/bin
export GOPATH=$HOME/go
