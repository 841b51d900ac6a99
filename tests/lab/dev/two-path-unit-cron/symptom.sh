set -e
/opt/fixtures/bin/as-unit site
/opt/fixtures/bin/as-cron dev
