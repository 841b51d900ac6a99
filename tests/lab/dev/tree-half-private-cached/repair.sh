mv /home/dev/sdk/go /home/dev/sdk/.go.half
cp -a /opt/fixtures/kept /home/dev/sdk/go
chown -R dev: /home/dev/sdk/go
