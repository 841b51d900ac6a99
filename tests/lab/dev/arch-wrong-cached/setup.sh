echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh

# The arm64 tarball was unpacked on an amd64 machine.
mkdir /opt/fixtures/right
mv /usr/local/go/bin /usr/local/go/pkg/tool /opt/fixtures/right/
mv /opt/fixtures/go-arm64/bin /usr/local/go/bin
mv /opt/fixtures/go-arm64/pkg/tool /usr/local/go/pkg/tool

# go downloaded this release once, for a go.mod that asked for it: the archive and its records of the checksum database are still there.
install -d -o dev -g dev /home/dev/go /home/dev/go/pkg
mv /opt/fixtures/gomodcache /home/dev/go/pkg/mod
chown -R dev: /home/dev/go
