sed -i s,/go/current,/go, /home/dev/.bashrc
