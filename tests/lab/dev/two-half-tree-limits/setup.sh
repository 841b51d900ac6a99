echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh
mkdir -p /home/dev/src/hello
printf 'module example.com/hello\n\ngo 1.21\n' > /home/dev/src/hello/go.mod
printf 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n' > /home/dev/src/hello/main.go
chown -R dev: /home/dev/src
mv /opt/fixtures/go-other /usr/local/go1.25.4
rm -r /usr/local/go/src/runtime /usr/local/go/pkg/include        # the disk was full
printf '# batch\ndev soft as 300000\n' > /etc/security/limits.d/50-batch.conf
printf 'dev hard as 400000   # KiB\n' >> /etc/security/limits.d/50-batch.conf
