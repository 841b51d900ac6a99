sed -i '/^GOROOT=/d' /var/spool/cron/crontabs/dev
sed -i 's/"//g' /home/dev/.config/go/env
