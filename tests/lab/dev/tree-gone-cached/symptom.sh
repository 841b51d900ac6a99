su - dev -c 'go version | grep -q "go1\.26\.8 " && echo package p | gofmt >/dev/null'
