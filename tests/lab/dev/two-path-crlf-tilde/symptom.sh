su - dev -c 'go version && echo "package p" | env stringer' </dev/null
