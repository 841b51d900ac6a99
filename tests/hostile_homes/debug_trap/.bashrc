trap 'last=$BASH_COMMAND' DEBUG
PATH=$PATH:/opt/go/bin
true
