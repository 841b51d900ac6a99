printf '[ -d /opt/agent ] || return 0\nexit 0\n' > /etc/profile.d/00-agent.sh
mkdir /opt/agent
echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh
