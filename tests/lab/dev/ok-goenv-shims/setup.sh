mkdir -p /home/dev/.goenv/shims /home/dev/.goenv/versions /home/dev/.goenv/bin
mv /usr/local/go /home/dev/.goenv/versions/1.26.8
printf '#!/usr/bin/env bash\nset -e\nexport GOENV_ROOT="$HOME/.goenv"\nexec "$GOENV_ROOT/bin/goenv" exec "${0##*/}" "$@"\n' > /home/dev/.goenv/shims/go
cp /home/dev/.goenv/shims/go /home/dev/.goenv/shims/gofmt
printf '#!/usr/bin/env bash\nshift; n=$1; shift\nexec "$GOENV_ROOT/versions/1.26.8/bin/$n" "$@"\n' > /home/dev/.goenv/bin/goenv
chmod 755 /home/dev/.goenv/shims/* /home/dev/.goenv/bin/goenv
chown -R dev: /home/dev/.goenv
printf 'export GOENV_ROOT=$HOME/.goenv\nexport PATH="$GOENV_ROOT/shims:$GOENV_ROOT/bin:$PATH"\nexport GOROOT=$HOME/.goenv/versions/1.26.8\nexport GOPATH=$HOME/go/1.26.8\n' >> /home/dev/.profile
mkdir -p /home/dev/src/hello
printf 'module example.com/hello\n\ngo 1.21\n' > /home/dev/src/hello/go.mod
printf 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n' > /home/dev/src/hello/main.go
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache
