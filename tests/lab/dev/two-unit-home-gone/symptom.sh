set -e
/opt/fixtures/bin/as-unit site-build
su - dev -c 'cd src/hello && go install . && hello' </dev/null
