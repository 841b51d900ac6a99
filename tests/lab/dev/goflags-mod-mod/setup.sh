echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
install -d -o dev -g dev /home/dev/.config /home/dev/.config/go
cat > /home/dev/.config/go/env <<'EOF'
GOFLAGS=-mod=mod
GONOSUMDB=example.com
EOF
chown dev: /home/dev/.config/go/env
mkdir -p /home/dev/src/app/vendor/example.com/greet
printf 'module example.com/app\n\ngo 1.21\n\nrequire example.com/greet v1.0.0\n' > /home/dev/src/app/go.mod
printf 'package main\n\nimport "example.com/greet"\n\nfunc main() { println(greet.Word) }\n' > /home/dev/src/app/main.go
printf 'package greet\n\nconst Word = "hello"\n' > /home/dev/src/app/vendor/example.com/greet/greet.go
printf '# example.com/greet v1.0.0\n## explicit; go 1.21\nexample.com/greet\n' > /home/dev/src/app/vendor/modules.txt
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache
