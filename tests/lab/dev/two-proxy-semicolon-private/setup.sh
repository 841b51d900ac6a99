echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
echo '127.0.0.1 goproxy.mycompany.com' >> /etc/hosts
mkdir /tmp/m
printf 'module git.mycompany.com/team/greet\n\ngo 1.21\n' > /tmp/m/go.mod
printf 'package greet\n\nconst Word = "hello"\n' > /tmp/m/greet.go
/opt/fixtures/bin/goproxy-add /srv/goproxy git.mycompany.com/team/greet v1.0.0 /tmp/m
rm -r /tmp/m
install -d -o dev -g dev /home/dev/.config /home/dev/.config/go
echo 'GOPROXY=http://goproxy.mycompany.com:3000;direct' > /home/dev/.config/go/env
chown dev: /home/dev/.config/go/env
mkdir -p /home/dev/src/app
printf 'module git.mycompany.com/team/app\n\ngo 1.21\n\nrequire git.mycompany.com/team/greet v1.0.0\n' > /home/dev/src/app/go.mod
printf 'package main\n\nimport "git.mycompany.com/team/greet"\n\nfunc main() { println(greet.Word) }\n' > /home/dev/src/app/main.go
chown -R dev: /home/dev/src
cat > /srv/serve.py <<'EOF'
import functools, http.server
class Proxy(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if not self.path.startswith("/sumdb/"):
            return super().do_GET()
        if self.path.endswith("/supported"):
            self.send_response(200)
            return self.end_headers()
        self.send_error(410, "not found: git.mycompany.com: no such host")
http.server.ThreadingHTTPServer(("127.0.0.1", 3000), functools.partial(Proxy, directory="/srv/goproxy")).serve_forever()
EOF
python3 /srv/serve.py >/dev/null 2>&1 &
for _ in {1..100}; do (: </dev/tcp/127.0.0.1/3000) 2>/dev/null && break; sleep 0.05; done
