sed -i 's,export .PATH=,export PATH=,' /home/dev/.profile
