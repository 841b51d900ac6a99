echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
echo 'export GOMEMLIMIT=2G' >> /home/dev/.profile
mkdir -p /home/dev/src/app
printf 'module example.com/app\n\ngo 1.21\n' > /home/dev/src/app/go.mod
printf 'package main\n\nfunc main() { println("hello") }\n' > /home/dev/src/app/main.go
chown -R dev: /home/dev/src
