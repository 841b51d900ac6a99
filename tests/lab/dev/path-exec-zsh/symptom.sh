setpriv --reuid dev --regid dev --init-groups env -i HOME=/home/dev USER=dev TERM=dumb PATH=/usr/local/bin:/usr/bin:/bin bash -i 2>&1 <<< 'go version' | grep -q go1
