sed -i '/GOROOT/d' /home/dev/.config/fish/config.fish
sed -i 's/-mod=vendored //' /home/dev/.config/fish/conf.d/go.fish
