su - dev -c 'cd src/hello && go list . fmt runtime' </dev/null
