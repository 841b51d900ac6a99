echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
mkdir /tmp/m
printf 'module example.com/greet\n\ngo 1.21\n' > /tmp/m/go.mod
printf 'package greet\n\nconst Word = "hello"\n' > /tmp/m/greet.go
/opt/fixtures/bin/goproxy-add /srv/goproxy example.com/greet v1.0.0 /tmp/m
rm -r /tmp/m
install -d -o dev -g dev /home/dev/.config /home/dev/.config/go
cat > /home/dev/.config/go/env <<'EOF'
GOPROXY=http://goproxy.corp.example:3000;direct
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
echo '127.0.0.1 goproxy.corp.example' >> /etc/hosts
python3 -m http.server --bind 127.0.0.1 --directory /srv/goproxy 3000 >/dev/null 2>&1 &
for _ in {1..100}; do (: </dev/tcp/127.0.0.1/3000) 2>/dev/null && break; sleep 0.05; done
