sed -i /GOFIPS140/d /home/dev/.config/go/env
