echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh
mkdir -p /home/dev/src/app
printf 'module example.com/app\n\ngo 1.21\n\nrequire example.com/greet v1.0.0\n' > /home/dev/src/app/go.mod
printf 'package main\n\nimport "example.com/greet"\n\nfunc main() { println(greet.Word) }\n' > /home/dev/src/app/main.go
chown -R dev: /home/dev/src
mkdir /tmp/m
printf 'module example.com/greet\n\ngo 1.21\n' > /tmp/m/go.mod
printf 'package greet\n\nconst Word = "hello"\n' > /tmp/m/greet.go
/opt/fixtures/bin/goproxy-add /srv/goproxy example.com/greet v1.0.0 /tmp/m
rm -r /tmp/m
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache
echo '127.0.0.1 goproxy.corp.example' >> /etc/hosts
python3 -m http.server --bind 127.0.0.1 --directory /srv/goproxy 3000 >/dev/null 2>&1 &
for _ in {1..100}; do (: </dev/tcp/127.0.0.1/3000) 2>/dev/null && break; sleep 0.05; done
install -d -o dev -g dev /home/dev/.config /home/dev/.config/go
cat > /home/dev/.config/go/env <<'XX'
GOPROXY=http://goproxy.corp.example:3000
GONOSUMDB=example.com
XX
chown dev: /home/dev/.config/go/env
su - dev -c 'cd src/app && go mod tidy && go build -o /dev/null .' 2>/dev/null
: > /home/dev/go/pkg/mod/cache/download/example.com/greet/@v/v1.0.0.mod
