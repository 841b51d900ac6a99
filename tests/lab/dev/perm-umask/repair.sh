sed -i '/umask 0177/d' /home/dev/.profile
