sed -i '/old.corp/d' /home/dev/.profile
