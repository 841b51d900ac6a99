chsh -s /usr/bin/fish dev
mkdir -p /home/dev/src/hello
printf 'module example.com/hello\n\ngo 1.21\n' > /home/dev/src/hello/go.mod
printf 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n' > /home/dev/src/hello/main.go
chown -R dev: /home/dev/src
install -d -o dev -g dev /home/dev/.config /home/dev/.config/fish /home/dev/.config/fish/conf.d
cat > /home/dev/.config/fish/config.fish <<'EOF'
if test -d /usr/local/go
    set -gx GOROOT /usr/local/go1.18
    fish_add_path --global /usr/local/go/bin
end
set -gx EDITOR vi
EOF
printf 'set -gx GOFLAGS -mod=vendored -trimpath\n' > /home/dev/.config/fish/conf.d/go.fish
chown -R dev: /home/dev/.config
