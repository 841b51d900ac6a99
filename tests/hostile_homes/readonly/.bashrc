PATH=$PATH:/opt/go/bin
readonly PATH
PATH=$PATH:/opt/never/bin
