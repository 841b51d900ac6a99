echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
echo 'alias ll="ls -l"' > /home/dev/.bash_login
chown dev: /home/dev/.bash_login
