su - dev -c 'go version' | grep -q go1
