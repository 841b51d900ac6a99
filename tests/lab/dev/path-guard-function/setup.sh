cat >> /home/dev/.bashrc <<'XX'
pathadd() {
  [ -d "$1" ] || return 0
  case ":$PATH:" in *":$1:"*) ;; *) PATH="$1:$PATH" ;; esac
}
pathadd /opt/go/bin
pathadd "$HOME/.local/bin"
export PATH
XX
chown dev: /home/dev/.bashrc
