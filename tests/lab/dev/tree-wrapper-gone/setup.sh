echo 'export PATH=$PATH:/usr/local/go/bin' > /etc/profile.d/golang.sh
printf '#!/bin/bash\nexport GOTOOLCHAIN=local\nexec /opt/go1.20/bin/go "$@"\n' > /usr/local/bin/go
chmod 755 /usr/local/bin/go
