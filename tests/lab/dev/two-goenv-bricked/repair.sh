sed -i '/^GOROOT=/d; /^GOTOOLCHAIN=/d' /home/dev/.config/go/env
