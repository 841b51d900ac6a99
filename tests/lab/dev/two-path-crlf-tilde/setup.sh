printf '# tools of the team\r\nexport PATH="$PATH:/usr/local/go/bin:~/go/bin"\r\n' >> /home/dev/.profile
install -d -o dev -g dev /home/dev/go /home/dev/go/bin
install -o dev -g dev -m 755 /usr/local/go/bin/gofmt /home/dev/go/bin/stringer
