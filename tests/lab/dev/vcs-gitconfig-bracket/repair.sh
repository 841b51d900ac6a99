sed -i 's/^\[alias$/[alias]/' /home/dev/.gitconfig
