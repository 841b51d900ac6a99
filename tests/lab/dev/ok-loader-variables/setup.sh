echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh
mkdir -p /home/dev/src/app
printf 'module example.com/app\n\ngo 1.21\n' > /home/dev/src/app/go.mod
printf 'package main\n\n/*\n#include <stdlib.h>\n*/\nimport "C"\n\nfunc main() { println(C.abs(-1)) }\n' > /home/dev/src/app/main.go
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache
mkdir -p /opt/sdk/lib /opt/arm/lib
cp /lib/x86_64-linux-gnu/libm.so.6 /opt/sdk/lib/libfoo.so.1
cp /lib/x86_64-linux-gnu/libz.so.1 /opt/sdk/lib/libz.so.1
cp /lib/x86_64-linux-gnu/libc.so.6 /opt/arm/lib/libc.so.6
printf '\xb7' | dd of=/opt/arm/lib/libc.so.6 bs=1 seek=18 conv=notrunc status=none
echo 'export LD_LIBRARY_PATH=/opt/gone/lib:/opt/arm/lib:/opt/sdk/lib LD_PRELOAD=/opt/sdk/lib/libfoo.so.1' >> /home/dev/.profile
