set -e
su - dev -c 'go version' </dev/null
# Once in PATH, also in a shell in a shell.
su - dev -c 'bash -ic "tr : \\\\n <<< \$PATH" | grep -cx /usr/local/go/bin | grep -qx 1' </dev/null
su - dev -c '[ "$EDITOR" = vi ]' </dev/null
