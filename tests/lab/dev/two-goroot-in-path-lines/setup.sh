cat >> /home/dev/.profile <<'EOF'
if [ -d "$HOME/src" ]; then
    export GO111MODULE=off
fi
export GOROOT=/opt/go1.18 EDITOR=vi
export PATH="$PATH:$GOROOT/bin:/usr/local/go/bin"
EOF
mkdir -p /home/dev/src/hello
printf 'module example.com/hello\n\ngo 1.21\n' > /home/dev/src/hello/go.mod
printf 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n' > /home/dev/src/hello/main.go
chown -R dev: /home/dev/src
