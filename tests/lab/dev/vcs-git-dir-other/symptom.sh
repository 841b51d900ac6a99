su - dev -c 'cd src/app && go build -o /tmp/a . && go version -m /tmp/a | grep -q "vcs.revision=$(git --git-dir=.git rev-parse HEAD)"'
