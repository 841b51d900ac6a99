su - dev -c 'go version && cd src/hello && go list -m'
