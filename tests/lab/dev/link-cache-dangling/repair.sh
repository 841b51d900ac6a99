rm /home/dev/.cache/go-build
