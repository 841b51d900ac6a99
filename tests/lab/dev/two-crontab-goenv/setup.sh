echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
mkdir -p /home/dev/src/hello
printf 'module example.com/hello\n\ngo 1.21\n' > /home/dev/src/hello/go.mod
printf 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n' > /home/dev/src/hello/main.go
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.config /home/dev/.config/go
echo 'GOPATH="/home/dev/go"' > /home/dev/.config/go/env
chown dev: /home/dev/.config/go/env
crontab -u dev - <<'EOF'
# nightly
MAILTO=""
GOROOT=/opt/go1.18
PATH=/usr/local/go/bin:/usr/bin:/bin
17 3 * * * cd $HOME/src/hello && go list -m
EOF
