echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh
install -d -o dev -g dev /home/dev/.config /home/dev/.config/go
cat > /home/dev/.config/go/env <<'EOF'
GOPRIVATE=git.corp.example
GOROOT=/usr/lib/go-1.18
GOTOOLCHAIN=latest
EOF
chown dev: /home/dev/.config/go/env
mkdir -p /home/dev/src/hello
printf 'module example.com/hello\n\ngo 1.21\n' > /home/dev/src/hello/go.mod
printf 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n' > /home/dev/src/hello/main.go
chown -R dev: /home/dev/src
