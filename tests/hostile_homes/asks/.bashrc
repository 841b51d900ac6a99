read -p "Which proxy? " answer
export GOPROXY=${answer:-direct}
PATH=$PATH:/opt/go/bin
