cat >> /home/dev/.profile <<'EOF'
if [ -f ~/.company ]; then
    . ~/.company
export PATH=$PATH:/usr/local/go/bin
EOF
