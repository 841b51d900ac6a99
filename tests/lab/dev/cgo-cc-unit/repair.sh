sed -i /musl/d /etc/systemd/system/native.service
