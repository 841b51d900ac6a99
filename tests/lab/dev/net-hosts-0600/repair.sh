chmod 644 /etc/hosts
