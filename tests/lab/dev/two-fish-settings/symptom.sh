su - dev -c 'cd src/hello; and go list .'
