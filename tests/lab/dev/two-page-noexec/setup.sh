echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh
mkdir -p /home/dev/src/hello
printf 'module example.com/hello\n\ngo 1.21\n' > /home/dev/src/hello/go.mod
printf 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n' > /home/dev/src/hello/main.go
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache
install -d -o dev -g dev /home/dev/.config /home/dev/.config/go
install -d -o dev -g dev /home/dev/bin     # Debian's ~/.profile puts it in front
printf '<!DOCTYPE html>\n<html><title>Sign in</title></html>\n' > /home/dev/bin/go
chown dev: /home/dev/bin/go; chmod 755 /home/dev/bin/go
mount -o remount,noexec /tmp
