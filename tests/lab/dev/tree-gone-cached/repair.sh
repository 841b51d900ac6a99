mv /opt/fixtures/kept /usr/local/go1.26.8
