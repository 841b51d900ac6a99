printf 'case $- in *i*) exec zsh ;; esac\nexport PATH=$PATH:/usr/local/go/bin\n' > /home/dev/.bashrc
: > /home/dev/.zshrc
chown dev: /home/dev/.zshrc /home/dev/.bashrc
