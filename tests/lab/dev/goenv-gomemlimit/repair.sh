sed -i '/GOMEMLIMIT/d' /home/dev/.profile
