echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
mkdir /tmp/m
printf 'module example.com/greet\n\ngo 1.21\n' > /tmp/m/go.mod
printf 'package greet\n\nconst Word = "hello"\n' > /tmp/m/greet.go
/opt/fixtures/bin/goproxy-add /srv/goproxy example.com/greet v1.0.0 /tmp/m
rm -r /tmp/m
install -d -o dev -g dev /home/dev/.config /home/dev/.config/go
cat > /home/dev/.config/go/env <<'EOF'
GOPROXY=file:///srv/goproxy
GONOSUMDB=example.com
EOF
chown dev: /home/dev/.config/go/env
mkdir -p /home/dev/src/app
cat > /home/dev/src/app/go.mod <<'EOF'
module example.com/app

go 1.21

require example.com/greet v1.0.0
EOF
cat > /home/dev/src/app/main.go <<'EOF'
package main

import (
	"fmt"

	"example.com/greet"
)

func main() { fmt.Println(greet.Word) }
EOF
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache
su - dev -c 'cd src/app && go mod tidy' 2>/dev/null; sed -i '1i <<<<<<< HEAD' /home/dev/src/app/go.sum
