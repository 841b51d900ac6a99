export GOPATH=$HOME/before PATH=$PATH:/opt/before/bin
sleep 100
PATH=$PATH:/opt/after/bin
