sed -i '1s/;/,/' /home/dev/.config/go/env
