cat >> /home/dev/.bashrc <<'XX'
pathadd() {
  [ -d "$1" ] || return 0
  case ":$PATH:" in *":$1:"*) ;; *) PATH="$PATH:$1" ;; esac
}
for d in /opt/go/bin /usr/lib/go/bin /usr/local/go/bin /snap/bin "$HOME/go/bin"; do pathadd "$d"; done
export PATH
XX
cat >> /home/dev/.profile <<'XX'
[ -d /usr/local/go1.22/bin ] && PATH=$PATH:/usr/local/go1.22/bin
case ":$PATH:" in *:/usr/local/go/bin:*) ;; *) PATH=$PATH:/usr/local/go/bin ;; esac
XX
