echo 'export PATH=$PATH:/usr/local/go/bin' >> /home/dev/.bashrc
printf '# Added by the installer of another tool\nexport EDITOR=vi\n' > /home/dev/.bash_profile
chown dev: /home/dev/.bash_profile
