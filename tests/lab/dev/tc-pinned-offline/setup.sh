echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh
install -d -o dev -g dev /home/dev/.config /home/dev/.config/go
printf 'GOTOOLCHAIN=go1.23.5\nGOPROXY=off\n' > /home/dev/.config/go/env
chown dev: /home/dev/.config/go/env
