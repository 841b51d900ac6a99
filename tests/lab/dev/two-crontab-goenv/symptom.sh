set -e
/opt/fixtures/bin/as-cron dev
su - dev -c 'cd src/hello && go list .'
