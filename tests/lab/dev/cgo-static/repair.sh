sed -i /CGO_LDFLAGS/d /home/dev/.profile
