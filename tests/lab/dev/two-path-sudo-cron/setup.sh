echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh
sed -i '11s#"/usr/local/sbin:/usr/local/bin:#"#' /etc/sudoers
echo 'dev ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/dev
chmod 440 /etc/sudoers.d/dev
crontab -u dev - <<'EOF'
# m h dom mon dow command
MAILTO=""
PATH = "/usr/bin:/bin"
*/5 * * * * date >/dev/null
17 3 * * * go version && gofmt -h 2>/dev/null; test $? -le 2
EOF
