sed -i s/,fips140=yes// /home/dev/.profile
