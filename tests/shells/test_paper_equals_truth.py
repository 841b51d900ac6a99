"""Following a start-up file on paper ends with the PATH that the real shell ends with."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gosteward.shells.fish_run import FishRun
from gosteward.shells.posix_run import PosixRun
from gosteward.shells.shell_state import StoppedError
from gosteward.snapshot import EnvironmentVariable

FIRST = "/usr/local/bin:/usr/bin:/bin"

POSIX = r"""
export PATH=$PATH:/usr/local/go/bin
PATH="${PATH:+$PATH:}/x"
export PATH="/y${PATH:+:$PATH}"
PATH=$GOBIN:$PATH
GOPATH=$HOME/go; export GOPATH PATH=$PATH:$GOPATH/bin
export PATH="$PATH:~/go/bin"
export PATH=$PATH:~/go/bin:~root/x
export PATH='$PATH:/lit'
case ":$PATH:" in *:/usr/bin:*) ;; *) PATH=$PATH:/never ;; esac; case ":$PATH:" in *:/z:*) ;; *) PATH=$PATH:/z ;; esac
if [ -d "$HOME/here" ]; then PATH="$HOME/here:$PATH"; elif [ -d / ]; then PATH=/no:$PATH; else PATH=/nono:$PATH; fi
[ -d /not/there ] && PATH=/not/there:$PATH; [ -d "$HOME/here" ] || PATH=/no:$PATH
for d in /a "$HOME/here" /b; do case $d in /a) continue_ ;; esac; PATH="$PATH:$d"; done
for d in "$HOME"/dirs/*; do PATH=$PATH:$d; done
pathmunge () { case ":${PATH}:" in *:"$1":*) ;; *) if [ "$2" = "after" ] ; then PATH=$PATH:$1; else PATH=$1:$PATH; fi ;; esac; }; pathmunge /p1; pathmunge /p2 after; pathmunge /usr/bin
add() { local d=$1; shift; [ $# -gt 0 ] && PATH=$PATH:$d:$1; return 0; PATH=/no; }; add /q1 /q2; add /q3
( PATH=/sub:$PATH ); { PATH=/group:$PATH; }; PATH=/prefix true
. "$HOME/inner"; PATH=$PATH:$INNER
return; PATH=/never
if [ -z "$PS1" ]; then PATH=/noprompt:$PATH; fi; case $- in *i*) PATH=/interactive:$PATH ;; esac
eval 'PATH=$PATH:/evaluated'; eval "export PATH=\"/e2:\$PATH\""
cat <<END >/dev/null
PATH=/heredoc
END
PATH=/after:$PATH  # a comment; PATH=/no
PATH=/one:\
$PATH
x=$(echo /from/echo); PATH=$PATH:$x:$(dirname /d/e/f):`basename /d/e/last`
p=/opt/tool/bin/; PATH=$PATH:${p%/}:${p#/opt}:${p##*/}
unset GONE; PATH=$PATH:${GONE:-/default}:${GONE-/dash}:${HOME:+/alt}:${GONE:+/no}
[ "$(id -u)" -eq 0 ] && PATH=/root:$PATH || PATH=/user:$PATH
if ! echo "$PATH" | grep -q /zz; then PATH=$PATH:/zz; fi; if echo "$PATH" | grep -q /usr/bin; then PATH=$PATH:/yes; fi
set -- /s1 /s2; PATH=$PATH:$1; PATH=$PATH:$2:$#
test -n "$HOME" -a -d / && PATH=$PATH:/and; [ -n "" -o -d / ] && PATH=$PATH:/or
command -v sh >/dev/null 2>&1 && PATH=$PATH:/found; command -v no-such-thing >/dev/null || PATH=$PATH:/notfound
PATH="$PATH:/it's:'/q'"; PATH="$PATH:${GONE:-'q'}:$GONE."
while false; do PATH=/no; done; until true; do PATH=/no; done; PATH=$PATH:/loops
"""
BASH = r"""
PATH+=:/plus
[[ ":$PATH:" != *":/w:"* ]] && PATH="$PATH:/w"; [[ ":$PATH:" == *":/usr/bin:"* ]] || PATH=/no:$PATH
[[ -d $HOME/here && ! -d /not/there ]] && PATH=$PATH:/both; [[ -z $GONE || -n $GONE ]] && PATH=$PATH:/either
declare -x PATH="$PATH:/declared"; f() { declare PATH_X=1; local x=/l; PATH=$PATH:$x; }; f
a=(1 2 3); PATH=${PATH//\/usr\/bin/\/repl}
if shopt -q login_shell; then PATH=/login:$PATH; fi; (( 1 + 1 )) ; PATH=$PATH:/arith
function g { PATH=$PATH:/function; }; g
PATH=$PATH:$'/ansi\x41'
"""
ZSH = r"""
path+=(/plus); path=(/front $path); path+=/scalar
typeset -U path; path=(/u /u $path /u)
export PATH=$PATH:/same; typeset -U PATH; export PATH=$PATH:/same
[[ -d $HOME/here ]] && path=($HOME/here $path); if [[ -d / ]] { path+=(/brace) }
path=(~/here(N) ~/gone(N) $path[@])
for d (/m /n) path+=($d); foreach d (/o); path+=($d); end
words="/s1 /s2"; path+=($words)
"""
FISH = r"""
set -gx PATH $PATH /a; set -x PATH ~/here $PATH; set -gx PATH $PATH:/colon
fish_add_path -g ~/here /not/there; fish_add_path -aP ~/dirs; fish_add_path -g ~/here
set -p PATH /pre; set -a PATH /post; contains /pre $PATH; or set -a PATH /no; contains /x $PATH; or set -a PATH /x
if test -d ~/here; set -a PATH /yes; else; set -a PATH /no; end; if not test -d /not/there; and test -d /; set -a PATH /and; end
test -d ~/here && set -a PATH /amp || set -a PATH /bar; test -d /not/there; and set -a PATH /no; or set -a PATH /or
for d in /f1 /f2; set -a PATH $d; end; for d in ~/dirs/*; set -a PATH $d; end
function add; for d in $argv; set -gx PATH $d $PATH; end; end; add /g1 /g2
switch (uname); case Darwin; set -a PATH /no; case Linux 'Free*'; set -a PATH /linux; end
begin; set -l x /scoped; set -a PATH $x; end; status is-interactive; and set -a PATH /no; status is-login; or set -a PATH /notlogin
set dirs /d1 /d2; set -a PATH $dirs/bin; set -a PATH "$dirs"; set -a PATH {/b1,/b2}
export PATH=$PATH:/broken
set -gx PATH '~/lit' "$PATH"; source ~/inner.fish; set -a PATH $INNER
test -d /; and return; set -a PATH /no
eval 'set -a PATH /evaluated'; set -e GONE; set -q GONE; or set -a PATH /unset; set -q HOME; and set -a PATH /set
"""


class RealWorld:
    """The machine that the test runs on."""

    def __init__(self, home: Path) -> None:
        self.home, self.uid, self.user = str(home), os.getuid(), "dev"

    def file_test(self, test: str, path: str) -> bool | None:
        return {"-d": os.path.isdir, "-f": os.path.isfile}.get(test, os.path.exists)(path)

    def lines(self, path: str) -> list[str] | None:
        try:
            return Path(path).read_text().split("\n")
        except OSError:
            return None

    def glob(self, pattern: str) -> list[str]:
        directory, _, name = pattern.rpartition("/")
        return sorted(str(path) for path in Path(directory).glob(name))

    def home_of(self, user: str) -> str:
        return os.path.expanduser(f"~{user}")


def snippets(text: str) -> list[str]:
    """One per line, but for the here-document and the continued line."""
    found: list[str] = []
    for line in text.strip().split("\n"):
        goes_on = bool(found) and ("<<END" in found[-1]) > ("\nEND" in found[-1])
        if goes_on or (found and found[-1].endswith(("\\", "\nEND"))):
            found[-1] += "\n" + line
        else:
            found.append(line)
    return found


CASES = [(shell, text) for shell in ("bash", "zsh", "sh") for text in snippets(POSIX)]
CASES += [("bash", text) for text in snippets(BASH)] + [("zsh", text) for text in snippets(ZSH)]
CASES += [("fish", text) for text in snippets(FISH)]


@pytest.mark.parametrize(("shell", "text"), CASES, ids=lambda value: value[:40])
def test_path_on_paper_is_the_path_of_the_shell(shell: str, text: str, tmp_path: Path) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    for directory in ("here", "dirs/one", "dirs/two"):
        (tmp_path / directory).mkdir(parents=True)
    (tmp_path / "inner").write_text("INNER=/from/inner\nreturn 0\nINNER=/no\n")
    (tmp_path / "inner.fish").write_text("set INNER /from/inner\nreturn\nset INNER /no\n")
    start = tmp_path / "start"
    start.write_text(text + "\n")
    environment = {"HOME": str(tmp_path), "PATH": FIRST}
    flags = {"fish": ("--no-config",), "zsh": ("-f",), "bash": ("--norc",)}.get(shell, ())
    show = "echo =(string join : $PATH)" if shell == "fish" else 'echo "=$PATH"'
    command = f"source {start}; {show}" if shell == "fish" else f". {start}; {show}"
    if shell == "fish":  # without its configuration fish_user_paths would do nothing
        flags = ()
        environment["XDG_CONFIG_HOME"] = str(tmp_path / "none")
    done = subprocess.run(
        (program, *flags, "-c", command), env=environment, capture_output=True, text=True, check=False
    )
    truth = done.stdout.rpartition("=")[2].rstrip("\n")
    first = tuple(EnvironmentVariable(name, value) for name, value in environment.items())
    world = RealWorld(tmp_path)
    run: FishRun | PosixRun = FishRun(world, first, {}) if shell == "fish" else PosixRun(world, first, {}, shell=shell)
    with contextlib.suppress(StoppedError):
        run.source(str(start))
    assert ":".join(entry.directory for entry in run.entries()) == truth
    assert not run.unsure
