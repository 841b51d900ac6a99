printf 'LC_ALL=C.UTF-8\nPATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/go/bin"\n' > /etc/environment
sed -i '1i export PATH="$PATH:$HOME/go/bin"' /home/dev/.bashrc
