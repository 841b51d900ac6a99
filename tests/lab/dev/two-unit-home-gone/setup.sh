cat > /etc/profile.d/go.sh <<'END'
export PATH=$PATH:/usr/local/go/bin
export GOPATH=/srv/gopath
export PATH=$PATH:$GOPATH/bin
END
mkdir -m 755 /srv/gopath
mkdir -p /home/dev/src/hello
printf 'module example.com/hello\n\ngo 1.21\n' > /home/dev/src/hello/go.mod
printf 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n' > /home/dev/src/hello/main.go
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache
mkdir -p /srv/site
printf 'module example.com/site\n\ngo 1.21\n' > /srv/site/go.mod
printf 'package main\n\nfunc main() { println("hello") }\n' > /srv/site/main.go
cat > /etc/systemd/system/site-build.service <<'END'
[Service]
Type=oneshot
WorkingDirectory=/srv/site
ExecStart=/usr/local/go/bin/go list .
END
