echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh
printf 'ulimit -v 200000\n' > /etc/profile.d/limits.sh
