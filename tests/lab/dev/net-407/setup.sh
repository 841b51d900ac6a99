echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
install -d -o dev -g dev /home/dev/.config /home/dev/.config/go
cat > /home/dev/.config/go/env <<'EOF'
GOPROXY=http://goproxy.corp.example
GONOSUMDB=example.com
EOF
chown dev: /home/dev/.config/go/env
echo 'http_proxy=http://127.0.0.1:3128' >> /etc/environment
mkdir -p /home/dev/src/app
cat > /home/dev/src/app/go.mod <<'EOF'
module example.com/app

go 1.21

require example.com/greet v1.0.0
EOF
cat > /home/dev/src/app/main.go <<'EOF'
package main

import (
	"fmt"

	"example.com/greet"
)

func main() { fmt.Println(greet.Word) }
EOF
chown -R dev: /home/dev/src
cat > /srv/serve.py <<'EOF'
import http.server
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = 'auth needed'.encode()
        self.send_response(407)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.send_header('Proxy-Authenticate', 'Basic realm="corp"')
        self.end_headers()
        self.wfile.write(body)
    do_CONNECT = do_GET
http.server.ThreadingHTTPServer(("127.0.0.1", 3128), Page).serve_forever()
EOF
python3 /srv/serve.py >/dev/null 2>&1 &
for _ in {1..100}; do (: </dev/tcp/127.0.0.1/3128) 2>/dev/null && break; sleep 0.05; done
