su - dev -c 'cd src/hello && go build -o /dev/null .' </dev/null
