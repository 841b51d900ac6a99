echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh
mkdir -p /home/dev/src/app
printf 'module example.com/app\n\ngo 1.21\n' > /home/dev/src/app/go.mod
printf 'package main\n\nfunc main() { println("hello") }\n' > /home/dev/src/app/main.go
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache
install -d -o dev -g dev /home/dev/.config /home/dev/.config/go
cat > /home/dev/.config/go/env <<'XX'
GOFIPS140=on
GOFLAGS=-v
XX
chown dev: /home/dev/.config/go/env
