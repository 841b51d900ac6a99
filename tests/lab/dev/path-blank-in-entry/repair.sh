sed -i '28s/: /:/' /home/dev/.profile
