mkdir /etc/systemd/system/site-build.service.d
printf '[Service]\nCacheDirectory=site-build\nEnvironment=GOCACHE=/var/cache/site-build/build GOPATH=/var/cache/site-build/go\n' > /etc/systemd/system/site-build.service.d/cache.conf
sed -i -e '2d' -e 's#\$GOPATH#$HOME/go#' /etc/profile.d/go.sh
