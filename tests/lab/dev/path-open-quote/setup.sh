printf 'export EDITOR="vi\nexport PATH=$PATH:/usr/local/go/bin\n' >> /home/dev/.profile
