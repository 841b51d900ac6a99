set -e
su - dev -c 'sudo go version' </dev/null
/opt/fixtures/bin/as-cron dev "$(grep -n 'go version' /var/spool/cron/crontabs/dev | cut -d: -f1)" | grep -q go1
visudo -c >/dev/null
