echo GOPROXY=file:///srv/goproxy > /home/dev/.config/go/env; echo GONOSUMDB=example.com >> /home/dev/.config/go/env
