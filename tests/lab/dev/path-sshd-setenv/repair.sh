printf '%s\n' 'Match User dev' '    SetEnv PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/go/bin' > /etc/ssh/sshd_config.d/20-go.conf
