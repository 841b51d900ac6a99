su - dev -c 'cd src/hello && go build -o /dev/null . && mkdir -p ~/go/pkg/mod/cache' </dev/null
