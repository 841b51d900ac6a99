su - dev -c 'cd src/app && timeout 8 go mod download'
