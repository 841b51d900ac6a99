sed -i /LD_LIBRARY_PATH/d /home/dev/.profile
