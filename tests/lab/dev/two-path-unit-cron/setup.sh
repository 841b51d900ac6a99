echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh
printf '# the site\nPATH=$PATH:/usr/local/go/bin\nSITE=main\n' > /etc/default/site
cat > /etc/systemd/system/site.service <<'EOF'
[Service]
Type=oneshot
User=dev
EnvironmentFile=/etc/default/site
ExecStart=/bin/sh -c "go version && ls / >/dev/null"
EOF
install -d -o dev -g dev /home/dev/go /home/dev/go/bin
install -o dev -g dev -m 755 /usr/local/go/bin/gofmt /home/dev/go/bin/porto
printf 'PATH=~/go/bin:/usr/bin:/bin\n@daily echo "package p" | porto\n' | crontab -u dev -
