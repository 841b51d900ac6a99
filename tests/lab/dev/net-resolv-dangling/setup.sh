echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
rm /etc/resolv.conf; ln -s /run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
install -d -o dev -g dev /home/dev/.config /home/dev/.config/go
cat > /home/dev/.config/go/env <<'EOF'
GOPROXY=http://goproxy.corp.example:3000
GONOSUMDB=example.com
EOF
chown dev: /home/dev/.config/go/env
mkdir -p /home/dev/src/app
printf 'module example.com/app\n\ngo 1.21\n\nrequire example.com/greet v1.0.0\n' > /home/dev/src/app/go.mod
printf 'package main\n\nimport "example.com/greet"\n\nfunc main() { println(greet.Word) }\n' > /home/dev/src/app/main.go
chown -R dev: /home/dev/src
