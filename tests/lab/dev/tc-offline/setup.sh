echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
mkdir -p /home/dev/src/app
cat > /home/dev/src/app/go.mod <<'EOF'
module example.com/app

go 1.99
EOF
cat > /home/dev/src/app/main.go <<'EOF'
package main

import "fmt"

func main() { fmt.Println("hello") }
EOF
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache
