sed -i s,/opt/go/bin,/usr/local/go/bin, /home/dev/.bashrc
