echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
echo '127.0.0.1 goproxy.corp.example' >> /etc/hosts
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
cat > /srv/serve3000.py <<'EOF'
import http.server
class Proxy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, body = (403, 'example.com/greet@v1.0.0 is refused by the policy: in quarantine until 2027-01-01') if "/@v/" in self.path else (404, "not found")
        body = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("127.0.0.1", 3000), Proxy).serve_forever()
EOF
python3 /srv/serve3000.py >/dev/null 2>&1 &
for _ in {1..100}; do (: </dev/tcp/127.0.0.1/3000) 2>/dev/null && break; sleep 0.05; done
