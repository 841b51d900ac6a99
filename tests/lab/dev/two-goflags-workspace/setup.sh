echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
echo 'GOFLAGS="-tags netgo -v"' >> /etc/environment
mkdir -p /home/dev/ws/app /home/dev/ws/libs/greet
printf 'module example.com/app\n\ngo 1.21\n\nrequire example.com/greet v0.0.0\n' > /home/dev/ws/app/go.mod
printf 'package main\n\nimport "example.com/greet"\n\nfunc main() { println(greet.Word) }\n' > /home/dev/ws/app/main.go
printf 'module example.com/greet\n\ngo 1.21\n' > /home/dev/ws/libs/greet/go.mod
printf 'package greet\n\nconst Word = "hello"\n' > /home/dev/ws/libs/greet/greet.go
printf 'go 1.21\n\nuse (\n\t./app // the program\n\t./greet\n)\n' > /home/dev/ws/go.work
chown -R dev: /home/dev/ws
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache
