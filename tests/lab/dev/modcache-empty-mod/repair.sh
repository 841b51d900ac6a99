rm /home/dev/go/pkg/mod/cache/download/example.com/greet/@v/v1.0.0.mod
