sed -i s,go1.25,go, /home/dev/.config/fish/config.fish
