rm -r /home/dev/go/pkg/mod/example.com/greet@v1.0.0
