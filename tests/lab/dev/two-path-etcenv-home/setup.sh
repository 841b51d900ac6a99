printf 'LC_ALL=C.UTF-8\r\nPATH="$PATH:/usr/local/go/bin:$HOME/go/bin"\r\n' > /etc/environment
install -d -o dev -g dev /home/dev/go /home/dev/go/bin
install -o dev -g dev -m 755 /usr/local/go/bin/gofmt /home/dev/go/bin/stringer
