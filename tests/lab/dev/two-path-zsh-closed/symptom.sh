set -e
su - dev -c 'go version' </dev/null
setpriv --reuid dev --regid dev --init-groups env -i HOME=/home/dev USER=dev SHELL=/usr/bin/zsh TERM=xterm PATH=/usr/local/bin:/usr/bin:/bin \
    zsh -ic 'go version' </dev/null
