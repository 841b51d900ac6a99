su - dev -c 'go env -w GOPROXY=http://goproxy.mycompany.com:3000,direct GONOSUMDB=git.mycompany.com'
