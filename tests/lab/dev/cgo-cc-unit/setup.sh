echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh
mkdir -p /home/dev/src/app
cat > /home/dev/src/app/go.mod <<'EOF'
module example.com/app

go 1.21
EOF
cat > /home/dev/src/app/main.go <<'EOF'
package main

/*
#include <stdlib.h>
*/
import "C"

func main() { println(C.abs(-1)) }
EOF
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache
cat > /etc/systemd/system/native.service <<'EOF'
[Unit]
Description=x

[Service]
Type=oneshot
User=dev
WorkingDirectory=/home/dev/src/app
Environment="CC=musl-gcc -static"
ExecStart=/usr/local/go/bin/go build -o /dev/null .
EOF
