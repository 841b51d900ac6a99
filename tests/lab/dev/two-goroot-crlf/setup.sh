printf 'export PATH=$PATH:/usr/local/go/bin\r\n' > /etc/profile.d/golang.sh
echo GOROOT=/opt/gone >> /etc/environment
