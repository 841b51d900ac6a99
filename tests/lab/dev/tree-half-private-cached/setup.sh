cat >> /home/dev/.profile <<'EOF'
export PATH=$PATH:$HOME/sdk/go/bin
EOF
install -d -o dev -g dev /home/dev/sdk /home/dev/src /home/dev/src/hello /home/dev/.cache
mv /usr/local/go /opt/fixtures/kept
cp -a /opt/fixtures/kept /home/dev/sdk/go
rm -r /home/dev/sdk/go/src/[n-z]* /home/dev/sdk/go/pkg/include        # the quota was reached
chown -R dev: /home/dev/sdk
printf 'module example.com/hello\n\ngo 1.21\n' > /home/dev/src/hello/go.mod
printf 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n' > /home/dev/src/hello/main.go
chown -R dev: /home/dev/src
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache

# go downloaded this release once, for a go.mod that asked for it: the archive and its records of the checksum database are still there.
install -d -o dev -g dev /home/dev/go /home/dev/go/pkg
mv /opt/fixtures/gomodcache /home/dev/go/pkg/mod
chown -R dev: /home/dev/go
