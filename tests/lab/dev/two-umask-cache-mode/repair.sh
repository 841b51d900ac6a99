find /usr/local/go -type d -exec chmod 755 {} +
chmod 755 /usr/local/go/bin/* /usr/local/go/pkg/tool/*/*
chmod 700 /home/dev/.cache/go-build
