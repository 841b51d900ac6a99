su - dev -c 'cd src/hello && go build -o /dev/null . && echo package p | gofmt >/dev/null && : > ~/.cache/go-build/x' </dev/null
