sed -i '/^[<=>]/d' /home/dev/.gitconfig
