echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh
mkdir -p /home/dev/src/app
printf 'module example.com/app\n\ngo 1.21\n' > /home/dev/src/app/go.mod
printf 'package main\n\nfunc main() { println("hello") }\n' > /home/dev/src/app/main.go
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache
su - dev -c 'cd src/app && git init -q && git -c user.name=d -c user.email=d@x add . && git -c user.name=d -c user.email=d@x commit -qm x'
cat > /home/dev/.gitconfig <<'XX'
[user]
<<<<<<< HEAD
	name = Dev
=======
	name = D
>>>>>>> laptop
XX
chown dev: /home/dev/.gitconfig
