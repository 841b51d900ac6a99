sed -i '/^GOTOOLCHAIN=/d' /home/dev/.config/go/env
