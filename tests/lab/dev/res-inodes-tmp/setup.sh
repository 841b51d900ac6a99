echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh
mkdir -p /home/dev/src/hello
printf 'module example.com/hello\n\ngo 1.21\n' > /home/dev/src/hello/go.mod
printf 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n' > /home/dev/src/hello/main.go
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache
mount -t tmpfs -o size=50m,mode=1777,nr_inodes=12 tmpfs /tmp
for i in 1 2 3 4 5 6 7 8 9 10 11; do : > /tmp/f$i; done
