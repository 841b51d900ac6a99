echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh
mkdir -p /home/dev/src/hello
cat > /home/dev/src/hello/go.mod <<'EOF'
module example.com/hello

go 1.21
EOF
cat > /home/dev/src/hello/main.go <<'EOF'
package main

import "fmt"

func main() { fmt.Println("hello") }
EOF
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache

# tar -C /usr/local -xzf NEW over an old tree: the files that only the old release had remain. (Made the other way
# round, old files added to the new tree, which gives the same tree and copies less.)
cp -anv /opt/fixtures/go-other/. /usr/local/go/ | sed -n "s/.* -> '\(.*\)'/\1/p" > /opt/fixtures/left-over
[ -s /opt/fixtures/left-over ]

# go downloaded this release once, for a go.mod that asked for it: the archive and its records of the checksum database are still there.
install -d -o dev -g dev /home/dev/go /home/dev/go/pkg
mv /opt/fixtures/gomodcache /home/dev/go/pkg/mod
chown -R dev: /home/dev/go
