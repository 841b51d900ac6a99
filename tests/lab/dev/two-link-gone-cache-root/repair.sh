for n in go gofmt; do ln -s /usr/local/go/bin/$n /usr/local/bin/.$n.new; mv -T /usr/local/bin/.$n.new /usr/local/bin/$n; done
chown -hR dev: /home/dev/.cache/go-build /home/dev/go
install -d -m 700 -o dev -g dev /home/dev/tmp /home/dev/tmp/go
