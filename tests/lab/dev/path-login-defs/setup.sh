usermod -s /usr/bin/zsh dev
ln -s /usr/local/go/bin/go /usr/local/go/bin/gofmt /usr/local/bin/
sed -i 's|^ENV_PATH.*|ENV_PATH\tPATH=/usr/bin:/bin|' /etc/login.defs
grep -q '^ENV_PATH' /etc/login.defs
:> /home/dev/.zshrc
chown dev: /home/dev/.zshrc
