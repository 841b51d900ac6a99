out=$(su - dev -c 'cd src/hello && go list -f {{.Name}} .' 2>&1 </dev/null) && [ "$out" = main ]
