mv /usr/local/go /usr/local/.go.aside
ln -s /usr/local/go1.25.4 /usr/local/go
sed -i 's/[34]00000/4194304/' /etc/security/limits.d/50-batch.conf
