sed -i 's/-mod=vendored //' /etc/systemd/system/native.service
sed -i '/^CC=/d' /etc/default/native
