cat >> /home/dev/.bashrc <<'XX'
GOHOME=/usr/local/go/current
[[ -d $GOHOME/bin ]] && PATH=$PATH:$GOHOME/bin
export PATH
XX
chown dev: /home/dev/.bashrc
