mv /etc/profile.d/golang /etc/profile.d/golang.sh
