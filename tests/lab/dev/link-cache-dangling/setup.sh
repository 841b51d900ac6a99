echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
install -d -o dev -g dev /home/dev/.cache; ln -s /mnt/scratch/go-build /home/dev/.cache/go-build; chown -h dev: /home/dev/.cache/go-build
mkdir -p /home/dev/src/app
printf 'module example.com/app\n\ngo 1.21\n' > /home/dev/src/app/go.mod
printf 'package main\n\nfunc main() { println("hello") }\n' > /home/dev/src/app/main.go
chown -R dev: /home/dev/src
mkdir /home/dev/src/app/lib; printf 'package lib\n\nconst X = 1\n' > /home/dev/src/app/lib/lib.go; chown -R dev: /home/dev/src
