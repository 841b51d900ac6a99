su - dev -c 'cd src/app && go build -buildvcs=false -o /dev/null .'
