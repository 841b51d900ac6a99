printf '%s\n' '# go for everybody who logs in' 'Match User other' 'SetEnv PATH=/opt/other' > /etc/ssh/sshd_config.d/10-other.conf
printf '%s\n' 'Match User dev' '    SetEnv PATH=$PATH:/usr/local/go/bin' > /etc/ssh/sshd_config.d/20-go.conf
