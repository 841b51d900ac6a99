su - dev -c 'go env -u GOCACHEPROG'
