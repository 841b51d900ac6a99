set -e
setpriv --reuid dev --regid dev --init-groups env -i HOME=/home/dev USER=dev SHELL=/bin/bash TERM=xterm PATH=/usr/local/bin:/usr/bin:/bin bash -ic 'go version' </dev/null
