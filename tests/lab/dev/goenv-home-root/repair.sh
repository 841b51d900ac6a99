rm /etc/profile.d/home.sh
