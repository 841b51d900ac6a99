su - dev -c 'cd src/app && go build ./lib'; code=$?; [ -L /home/dev/.cache/go-build ] || [ ! -d /home/dev/.cache/go-build ] || rm -r /home/dev/.cache/go-build; exit $code
