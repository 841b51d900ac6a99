chown -R dev: /home/dev/src/app
su - dev -c 'cd src/app && go mod tidy && go mod vendor' 2>/dev/null
