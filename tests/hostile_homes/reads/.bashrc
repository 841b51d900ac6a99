PATH=$PATH:/opt/before/bin
read -r answer < <(sleep 100)
