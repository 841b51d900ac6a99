mv /home/dev/bin/go /home/dev/bin/.go.aside
su - dev -c 'mkdir -p -m 700 ~/.cache/go-tmp && go env -w GOTMPDIR=$HOME/.cache/go-tmp'
