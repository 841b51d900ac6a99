sed -i -e 114d -e '1i case ":$PATH:" in *:/usr/local/go/bin:*) ;; *) export PATH="$PATH:/usr/local/go/bin" ;; esac' /home/dev/.bashrc
echo '[ -r ~/.profile ] && . ~/.profile' >> /home/dev/.bash_profile
