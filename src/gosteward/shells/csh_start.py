"""How csh and tcsh are started, which files they read, and what they say at the end. They are not traced.

They take no command where they have a prompt, so that way of starting them is left out. Everything is exported that PATH and Go need,
so that a plain sh can speak for them; they close the descriptors that they inherit, so it speaks on standard error.

Source: tcsh(1) "Startup and shutdown"; measured with tcsh 6.24.
"""

from __future__ import annotations

NAMES = ("csh", "tcsh")
# name without the shell, kind, login, interactive
WAYS = (
    ("login", "login", True, False),
    ("script", "script", False, False),
    ("ssh-command", "ssh-command", False, False),
)


def command(nonce: str, env: str) -> str:
    """One line; between its quotes csh itself looks for nothing but exclamation marks."""
    say = (
        f'printf "\\036{nonce} path\\036" >&2; [ "$1" = 0 ] || printf "=%s" "$PATH" >&2; '
        f'printf "\\036{nonce} environment\\036" >&2; exec {env} -0 >&2'
    )
    return f"exec /bin/sh -c '{say}' sh $?PATH\n"


def files(home: str, *, login: bool, tcsh: bool, has_tcshrc: bool) -> tuple[str, ...]:
    """The files that are read, in order.  tcsh: the program is one, so ~/.tcshrc stands for ~/.cshrc where there is one."""
    own = ".tcshrc" if tcsh and has_tcshrc else ".cshrc"
    names = ("/etc/csh.cshrc", "/etc/csh.login", f"{home}/{own}", f"{home}/.login")
    return names if login else (names[0], names[2])
