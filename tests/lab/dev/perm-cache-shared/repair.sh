rm /etc/profile.d/gocache.sh
