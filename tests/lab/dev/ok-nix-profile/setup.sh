s=/nix/store/0c1d2e3f4g5h6i7j8k9l-go-1.26.8
mkdir -p $s/share $s/bin /nix/var/nix/profiles/per-user/dev
mv /usr/local/go $s/share/go
ln -s ../share/go/bin/go ../share/go/bin/gofmt $s/bin/
ln -s $s /nix/var/nix/profiles/per-user/dev/profile-1-link
ln -s profile-1-link /nix/var/nix/profiles/per-user/dev/profile
ln -s /nix/var/nix/profiles/per-user/dev/profile /home/dev/.nix-profile
chown -h dev: /home/dev/.nix-profile
chmod -R a-w $s
printf 'export PATH="$HOME/.nix-profile/bin:$PATH"\n' > /etc/profile.d/nix.sh
sed -i '1i [ -e /etc/profile.d/nix.sh ] && . /etc/profile.d/nix.sh' /etc/bash.bashrc
mkdir -p /home/dev/src/hello
printf 'module example.com/hello\n\ngo 1.21\n' > /home/dev/src/hello/go.mod
printf 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n' > /home/dev/src/hello/main.go
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.cache
cp -r /opt/fixtures/gocache /home/dev/.cache/go-build
chown -R dev: /home/dev/.cache
