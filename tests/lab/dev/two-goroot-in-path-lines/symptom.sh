su - dev -c 'cd src/hello && go list -m && [ "$EDITOR" = vi ]'
