mkdir -p /home/dev/src/hello
printf 'module example.com/hello\n\ngo 1.21\n' > /home/dev/src/hello/go.mod
printf 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n' > /home/dev/src/hello/main.go
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache
ln -s /usr/local/go1.24.1/bin/go /usr/local/go1.24.1/bin/gofmt /usr/local/bin/
printf 'export GOTMPDIR=$HOME/tmp/go\n' >> /home/dev/.profile
chown -R root: /home/dev/.cache/go-build
mkdir -p /home/dev/go/pkg/mod            # sudo go, with HOME kept
