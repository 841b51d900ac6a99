su - dev -c 'bash -ic "go version"' </dev/null 2>/dev/null | grep -q go1
