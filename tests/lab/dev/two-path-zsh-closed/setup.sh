usermod -s /usr/bin/zsh dev
echo 'path+=(/usr/local/go/bin)' > /home/dev/.zshenv          # written by sudo under umask 077
chmod 600 /home/dev/.zshenv
printf 'setopt no_beep\nalias go="git checkout"\n' > /home/dev/.zshrc
chown dev: /home/dev/.zshrc
