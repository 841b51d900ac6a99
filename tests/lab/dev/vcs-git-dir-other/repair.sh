sed -i /GIT_DIR/d /home/dev/.profile
