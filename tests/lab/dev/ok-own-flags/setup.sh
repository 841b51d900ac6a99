echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
echo 'umask 077' >> /home/dev/.profile
echo 'export CGO_CFLAGS="-g -O2 -m64" CGO_LDFLAGS="-lm -lpthread" GOMEMLIMIT=2GiB GIT_DIR=$HOME/src/app/.git' >> /home/dev/.profile
install -d -o dev -g dev /home/dev/.config /home/dev/.config/go
cat > /home/dev/.config/go/env <<'EOF'
GOFLAGS=-mod=mod
EOF
chown dev: /home/dev/.config/go/env
mkdir -p /home/dev/src/app
printf 'module example.com/app\n\ngo 1.21\n' > /home/dev/src/app/go.mod
printf 'package main\n\n/*\n#include <stdlib.h>\n*/\nimport "C"\n\nfunc main() { C.abs(1) }\n' > /home/dev/src/app/main.go
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache
su - dev -c 'git init -q src/app' 2>/dev/null
