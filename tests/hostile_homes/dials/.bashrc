exec 3<>/dev/tcp/192.0.2.1/80
(curl -m 60 http://192.0.2.1/ || wget -T 60 http://192.0.2.1/) 2>/dev/null
PATH=$PATH:/opt/go/bin
