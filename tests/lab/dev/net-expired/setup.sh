echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
echo '127.0.0.1 goproxy.corp.example' >> /etc/hosts
mkdir /tmp/m
printf 'module example.com/greet\n\ngo 1.21\n' > /tmp/m/go.mod
printf 'package greet\n\nconst Word = "hello"\n' > /tmp/m/greet.go
/opt/fixtures/bin/goproxy-add /srv/goproxy example.com/greet v1.0.0 /tmp/m
rm -r /tmp/m
install -d -o dev -g dev /home/dev/.config /home/dev/.config/go
cat > /home/dev/.config/go/env <<'EOF'
GOPROXY=https://goproxy.corp.example:8443
GONOSUMDB=example.com
EOF
chown dev: /home/dev/.config/go/env
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
mkdir -m 700 /srv/tls
cd /srv/tls
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -keyout ca.key -out ca.crt -subj '/CN=Corp Root CA' 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key -out tls.csr -subj '/CN=goproxy.corp.example' 2>/dev/null
mkdir demo; touch demo/index.txt; echo 01 > demo/serial
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=demo/index.txt\nserial=demo/serial\nnew_certs_dir=demo\ndefault_md=sha256\npolicy=p\ncopy_extensions=copy\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=DNS:goproxy.corp.example\n' > ca.cnf
openssl ca -batch -config ca.cnf -extensions e -in tls.csr -cert ca.crt -keyfile ca.key -startdate 20240101000000Z -enddate 20250101000000Z -out tls.crt -notext >/dev/null 2>&1
install -m 644 ca.crt /usr/local/share/ca-certificates/corp-root.crt
update-ca-certificates >/dev/null 2>&1
cat > /srv/serve.py <<'EOF'
import functools, http.server, ssl
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory="/srv/goproxy")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 8443), handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/srv/tls/tls.crt", "/srv/tls/tls.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
EOF
python3 /srv/serve.py >/dev/null 2>&1 &
for _ in {1..100}; do (: </dev/tcp/127.0.0.1/8443) 2>/dev/null && break; sleep 0.05; done
