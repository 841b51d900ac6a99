"""How to make zsh trace its start-up files, and what it says at the end.

zsh writes its trace to standard error, between whatever the start-up files print there. `%x` and `%I` name file and line also inside
functions; `funcfiletrace` holds the callers. In functions that start with `emulate -L zsh` the parameters of PS4 stay unexpanded:
such records have no PATH, and the next good one shows the change.
"""

from __future__ import annotations

from gosteward.shells.xtrace import ENDS, FRAMES, GS, US, WHOLE, environment_command

_LENGTH = "${#PATH}"
_VALUE = "${${PATH[1,$(( " + f"{_LENGTH} > {WHOLE} ? {ENDS} : {WHOLE}" + " ))]}//\\%/%%}"
_TAIL = "${${PATH[$(( " + f"{_LENGTH} > {WHOLE} ? {_LENGTH} - {ENDS} + 1 : {_LENGTH} + 1" + " )),-1]}//\\%/%%}"
PS4 = (
    "+" + US + "${ZSH_SUBSHELL-}" + US + "${#funcfiletrace}" + US + f"%x:%I{GS}${{(j:{GS}:)funcfiletrace[1,{FRAMES - 1}]}}"
    + US + US + f"${{(j:{GS}:)funcstack[1,{FRAMES}]}}" + US + "%D{%s.%6.}" + US + "${PATH+${#PATH}}"
    + US + _VALUE + US + _TAIL + "\x1e "
)  # fmt: skip
LISTED = (
    "'GO*' 'CGO_*' 'PKG_CONFIG*' 'XDG_*' 'GIT_*' CC CXX HOME USER SHELL TMPDIR LD_LIBRARY_PATH LD_PRELOAD '*_proxy' '*_PROXY' "
    "SSL_CERT_FILE SSL_CERT_DIR NETRC BASH_ENV ENV"
)
OPENING = "\\builtin printf '' >&9 || \\exec 9>&2\n\\unsetopt xtrace verbose nounset errexit errreturn ksharrays 2>/dev/null\n"


def path_section(nonce: str) -> str:
    """A command that prints whether PATH is set, and PATH, to descriptor 9."""
    return f'\\builtin printf \'\\036{nonce} path\\036%s%s\' "${{PATH+=}}" "${{PATH-}}" >&9\n'


def last_words(nonce: str, env: str) -> str:
    """Print the environment, and be gone without running logout files."""
    return f"\\builtin printf '\\036{nonce} environment\\036' >&9\n{environment_command(env)}\\kill -9 $$\n"


def plain_command(nonce: str, env: str) -> str:
    """For the run that is not traced."""
    return OPENING + path_section(nonce) + last_words(nonce, env)


def traced_command(nonce: str, env: str) -> str:
    """For the traced run: also variables that are not exported, and aliases and functions that hide go."""
    return (
        OPENING
        + path_section(nonce)
        + f"\\builtin printf '\\036{nonce} variables\\036' >&9; \\builtin typeset -p -m {LISTED} >&9 2>/dev/null\n"
        + f"\\builtin printf '\\036{nonce} aliases\\036' >&9; \\builtin alias go gofmt >&9 2>/dev/null\n"
        + f"\\builtin printf '\\036{nonce} functions\\036' >&9; \\builtin whence -v go gofmt >&9 2>/dev/null\n"
        + last_words(nonce, env)
    )
