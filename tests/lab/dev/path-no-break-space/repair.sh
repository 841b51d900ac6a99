sed -i '28s/.*/export PATH=$PATH:\/usr\/local\/go\/bin/' /home/dev/.profile
