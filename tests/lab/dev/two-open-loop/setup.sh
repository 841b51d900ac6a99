ln -s go /usr/local/bin/go
ln -s gofmt /usr/local/bin/gofmt
find /usr/local/go -maxdepth 2 -type d -exec chmod 777 {} +
chmod 777 /usr/local/go/bin/* /usr/local/go/pkg/tool/*/*
echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh
