find /usr/local/go -perm -o+w ! -type l -exec chmod o-w {} +
for n in go gofmt; do ln -s /usr/local/go/bin/$n /usr/local/bin/.$n.new; mv -T /usr/local/bin/.$n.new /usr/local/bin/$n; done
