chown dev: /home/dev/.zshenv
sed -i '2s/alias go=/alias gco=/' /home/dev/.zshrc
