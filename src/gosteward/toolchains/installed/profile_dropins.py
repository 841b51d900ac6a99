"""What links cannot do: the directory of programs that `go install` makes, different for each user, on PATH by files that shells read at their start.

    /etc/profile.d/golang.sh           login shells of sh, bash and ksh (by /etc/profile), and of zsh where its zprofile reads /etc/profile
    /etc/zsh/zprofile, one line        zsh as Debian has it: no drop-in directory, and nothing of /etc/profile
    /etc/fish/conf.d/golang.fish       every fish

The directory is the last one on PATH, and stands there once. GOROOT is not named: go finds it by its own path. The texts start no
process, end no shell (`set -e`, `set -u`), and leave no variable behind. Pure.

Source: go.dev/cmd/go, "GOPATH environment variable" (the first element, $HOME/go by default); POSIX.1, 2.6.2 Parameter Expansion;
zsh(1), "STARTUP/SHUTDOWN FILES"; fish(1), "Configuration files" and "PATH variables" (a list from fish 3.0 on, a text before).
"""

from __future__ import annotations

import re

PROFILE_D = "profile.d/golang.sh"
FISH_D = "fish/conf.d/golang.fish"

POSIX_TEXT = """\
# By gosteward: programs that `go install` makes are found by name.
# go itself is found by its link in /usr/local/bin, and GOROOT by go.
_gopath=${GOPATH:-${HOME:+${HOME%/}/go}}
_gopath=${_gopath%%:*}
case "${PATH:+:${PATH}:}" in
'' | *":${_gopath%/}/bin:"*) ;;
*)
    case "${_gopath}" in
    /*)
        PATH="${PATH}:${_gopath%/}/bin"
        export PATH
        ;;
    esac
    ;;
esac
unset _gopath
"""

# `fish_add_path` is of fish 3.2; before 3.0 fish complains of a directory that is not there.
FISH_TEXT = """\
# By gosteward: programs that `go install` makes are found by name.
# go itself is found by its link in /usr/local/bin, and GOROOT by go.
set -l gopath
if set -q GOPATH[1]
    set gopath (string split -- : $GOPATH)[1]
else if set -q HOME[1]
    set gopath (string replace -r -- '/$' '' $HOME)/go
end
set gopath (string replace -r -- '/$' '' $gopath)
if string match -q -- '/*' $gopath
    if not contains -- $gopath/bin $PATH
        if test -d $gopath/bin; or string match -qr '^[3-9]' -- $version
            set -gx PATH $PATH $gopath/bin
        end
    end
end
"""

# Below /etc.
DROP_INS = ((PROFILE_D, POSIX_TEXT), (FISH_D, FISH_TEXT))

_READS_PROFILE = re.compile(r"^[^#\n]*/etc/profile(?:\.d/(?:[*$]|golang\.sh)|(?![\w.-]))", re.MULTILINE)


def zsh_line(profile: str) -> str:
    """The line for a zprofile that reads nothing of /etc/profile.  profile: path of golang.sh."""
    return f"[ ! -r {profile} ] || . {profile}  # by gosteward"


def reads_profile(zprofile: str) -> bool:
    """Whether a zprofile reads /etc/profile or something in /etc/profile.d, by its text: as in Fedora, Arch and Alpine."""
    return _READS_PROFILE.search(zprofile) is not None
