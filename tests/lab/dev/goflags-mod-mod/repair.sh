su - dev -c 'go env -u GOFLAGS'
