echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
install -d -o dev -g dev /home/dev/.config /home/dev/.config/go
cat > /home/dev/.config/go/env <<'EOF'
GOCACHEPROG=/opt/cacher/bin/go-cacher --bucket ci
EOF
chown dev: /home/dev/.config/go/env
mkdir -p /home/dev/src/app
printf 'module example.com/app\n\ngo 1.21\n' > /home/dev/src/app/go.mod
printf 'package main\n\nfunc main() { println("hello") }\n' > /home/dev/src/app/main.go
chown -R dev: /home/dev/src
mkdir /home/dev/src/app/lib; printf 'package lib\n\nconst X = 1\n' > /home/dev/src/app/lib/lib.go; chown -R dev: /home/dev/src
