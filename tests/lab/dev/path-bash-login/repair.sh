echo '[ -r ~/.profile ] && . ~/.profile' >> /home/dev/.bash_login
