chmod 755 $(readlink -f /usr/bin/gcc)
