echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.profile
printf 'go() {\n    command go "$@"\n}\n' >> /home/dev/.bashrc
