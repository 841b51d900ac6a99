su - dev -c 'cd ws/app && go build -o /dev/null . && go list -f {{.Name}} ../libs/greet'
