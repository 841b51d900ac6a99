rm /etc/profile.d/agent.sh
