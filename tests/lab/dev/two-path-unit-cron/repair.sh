sed -i '2s#.*#PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/go/bin#' /etc/default/site
crontab -u dev -l | sed 's#^PATH=~#PATH=/home/dev#' | crontab -u dev -
