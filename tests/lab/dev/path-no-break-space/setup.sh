printf 'export\302\240PATH=$PATH:/usr/local/go/bin\n' >> /home/dev/.profile
