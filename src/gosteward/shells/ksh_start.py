"""How a Korn shell is started, and what it says at the end. It is not traced: where its PATH comes from is told by reading its files.

`print` is the one command for output that ksh93 and mksh both have built in.

Source: ksh(1) "Invocation" and "Environment", mksh(1); measured with ksh93u+m 1.0 and mksh R59.
"""

from __future__ import annotations

NAMES = ("ksh", "ksh93", "mksh", "lksh")
# name without the shell, kind, login, interactive
WAYS = (
    ("login", "login", True, False),
    ("interactive", "terminal", False, True),
    ("interactive-login", "ssh-login", True, True),
    ("script", "script", False, False),
    ("ssh-command", "ssh-command", False, False),
)
SYSTEM_RC = "/etc/ksh.kshrc"  # read by ksh93 alone


def own_rc(name: str) -> str:
    """The file in the home that an interactive shell reads where ENV names no other.  name: of the program."""
    return ".mkshrc" if name.startswith(("mksh", "lksh")) else ".kshrc"


def command(nonce: str, env: str) -> str:
    """Print PATH and the environment, and be gone without running exit traps."""
    return (
        "\\unset -f unset set print exec kill 2>/dev/null\n\\set +xvue\n\\print -n '' >&9 || \\exec 9>&2\n"
        f"\\print -n '\\0036{nonce} path\\0036' >&9\n\\print -rn -- \"${{PATH+=}}${{PATH-}}\" >&9\n"
        f"\\print -n '\\0036{nonce} environment\\0036' >&9\n\\exec {env} -0 >&9\n\\kill -9 $$\n"
    )
