mkdir -p /home/dev/src/hello
printf 'module example.com/hello\n\ngo 1.21\n' > /home/dev/src/hello/go.mod
printf 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n' > /home/dev/src/hello/main.go
chown -R dev: /home/dev/src
mv /usr/local/go /opt/go
setfacl -m u:dev:rx /opt/go/bin/go
chmod g-x,o-rx /opt/go/bin/go          # the mask, and so the entry
printf 'export GOPATH=/opt/go\nexport PATH=$PATH:$GOPATH/bin\n' >> /home/dev/.profile
