echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
mkdir -p /home/dev/src/native
cat > /home/dev/src/native/go.mod <<'EOF'
module example.com/native

go 1.21
EOF
cat > /home/dev/src/native/main.go <<'EOF'
package main

// #cgo LDFLAGS: -lsqlite3
// #include <sqlite3.h>
import "C"

func main() { println(C.sqlite3_libversion_number()) }
EOF
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache
