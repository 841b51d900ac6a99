echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh
mkdir -p /home/dev/src/app
printf 'module example.com/app\n\ngo 1.21\n' > /home/dev/src/app/go.mod
printf 'package main\n\n/*\n#include <stdlib.h>\n*/\nimport "C"\n\nfunc main() { println(C.abs(-1)) }\n' > /home/dev/src/app/main.go
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache
mkdir -p /opt/sdk/lib
cp /lib/x86_64-linux-gnu/libc.so.6 /opt/sdk/lib/libc.so.6
sed -i s/GLIBC_PRIVATE/GLIBC_PRIVATX/ /opt/sdk/lib/libc.so.6
printf x >> /opt/sdk/lib/libc.so.6
echo 'export LD_LIBRARY_PATH=/opt/sdk/lib:/opt/sdk/plugins' >> /home/dev/.profile
