set -e
[ -z "$(find /usr/local/go -perm -o+w ! -type l | head -1)" ]
su - dev -c 'readlink -e /usr/local/bin/go && go version && echo package p | gofmt >/dev/null' </dev/null
