usermod -s /usr/bin/fish dev
install -d -o dev -g dev /home/dev/.config /home/dev/.config/fish
cat > /home/dev/.config/fish/config.fish <<'XX'
set -g fish_greeting
fish_add_path /usr/local/go1.25/bin
XX
chown dev: /home/dev/.config/fish/config.fish
