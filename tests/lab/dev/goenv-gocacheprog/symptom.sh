su - dev -c 'cd src/app && go build ./lib'
