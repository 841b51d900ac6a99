sed -i 's/\r$//' /etc/profile.d/golang.sh
sed -i '/^GOROOT=/d' /etc/environment
