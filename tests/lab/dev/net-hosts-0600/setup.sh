echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
echo '127.0.0.1 goproxy.corp.example' >> /etc/hosts
chmod 600 /etc/hosts
install -d -o dev -g dev /home/dev/.config /home/dev/.config/go
cat > /home/dev/.config/go/env <<'EOF'
GOPROXY=http://goproxy.corp.example:3000
GONOSUMDB=example.com
EOF
chown dev: /home/dev/.config/go/env
mkdir /tmp/m
printf 'module example.com/greet\n\ngo 1.21\n' > /tmp/m/go.mod
printf 'package greet\n\nconst Word = "hello"\n' > /tmp/m/greet.go
/opt/fixtures/bin/goproxy-add /srv/goproxy example.com/greet v1.0.0 /tmp/m
rm -r /tmp/m
mkdir -p /home/dev/src/app
printf 'module example.com/app\n\ngo 1.21\n\nrequire example.com/greet v1.0.0\n' > /home/dev/src/app/go.mod
printf 'package main\n\nimport "example.com/greet"\n\nfunc main() { println(greet.Word) }\n' > /home/dev/src/app/main.go
chown -R dev: /home/dev/src
python3 -m http.server --bind 127.0.0.1 --directory /srv/goproxy 3000 >/dev/null 2>&1 &
for _ in {1..100}; do (: </dev/tcp/127.0.0.1/3000) 2>/dev/null && break; sleep 0.05; done
