mv /usr/local/go /opt/fixtures/kept
ln -s /usr/local/go1.26.8/bin/go /usr/local/go1.26.8/bin/gofmt /usr/local/bin/

# go downloaded this release once, for a go.mod that asked for it: the archive and its records of the checksum database are still there.
install -d -o dev -g dev /home/dev/go /home/dev/go/pkg
mv /opt/fixtures/gomodcache /home/dev/go/pkg/mod
chown -R dev: /home/dev/go
