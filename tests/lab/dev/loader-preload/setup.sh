echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh
mkdir -p /home/dev/src/app
printf 'module example.com/app\n\ngo 1.21\n' > /home/dev/src/app/go.mod
printf 'package main\n\n/*\n#include <stdlib.h>\n*/\nimport "C"\n\nfunc main() { println(C.abs(-1)) }\n' > /home/dev/src/app/main.go
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache
printf '#include <stdlib.h>\nint g(void) { return atoi(getenv("x")); }\n' > /tmp/x.c
gcc -shared -fPIC -o /usr/local/lib/agent.so /tmp/x.c
rm /tmp/x.c
sed -i 's/GLIBC_2\.2\.5/GLIBC_2.500/' /usr/local/lib/agent.so
echo 'export LD_PRELOAD=/usr/local/lib/agent.so' > /etc/profile.d/agent.sh
