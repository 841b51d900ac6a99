/opt/fixtures/bin/as-ssh dev 'ls / >/dev/null && go version && echo "package p" | stringer'
