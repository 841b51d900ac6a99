su - dev -c 'cd /home/dev/src/app && go build ./lib'
