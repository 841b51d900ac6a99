echo 'export $PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
