echo 'export PATH=$PATH:/usr/local/bin' > /home/dev/.zshenv
chown dev: /home/dev/.zshenv
