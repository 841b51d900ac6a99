set -e
findmnt -no OPTIONS /tmp | grep -q noexec
su - dev -c "cd src/hello && sed -i 's/hello.*\"/hello $RANDOM$RANDOM\"/' main.go && go run ." </dev/null
