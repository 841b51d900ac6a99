sed -i 's/200000/4194304/' /etc/profile.d/limits.sh
