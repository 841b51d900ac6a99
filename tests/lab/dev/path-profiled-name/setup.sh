echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang
