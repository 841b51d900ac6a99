"""How to make bash trace its start-up files, and what it says at the end.

An ordinary user's bash takes PS4 and BASH_XTRACEFD from the environment, so the real start-up sequence is traced. Root's bash drops
PS4 from the environment (since 4.4): there the documented sequence is replayed inside `bash --noprofile --norc`.

The final command must work whatever the start-up files did: POSIX mode (switched on by an assignment, which nothing can override)
makes `unset` the built-in one, and that removes functions named like the commands we need.
"""

from __future__ import annotations

from gosteward.shells.xtrace import ENDS, FRAMES, US, WHOLE, environment_command

PS4 = (
    "+" + US + "${BASH_SUBSHELL-}" + US + "${#BASH_SOURCE[@]}" + US + f"${{BASH_SOURCE[@]:0:{FRAMES}}}"
    + US + f"${{LINENO-}} ${{BASH_LINENO[@]:0:{FRAMES}}}" + US + f"${{FUNCNAME[@]:0:{FRAMES}}}" + US + "${EPOCHREALTIME-}"
    + US + "${PATH+${#PATH}}" + US + f"${{PATH+${{PATH:0:${{#PATH}}>{WHOLE}?{ENDS}:{WHOLE}}}}}"
    + US + f"${{PATH+${{PATH:${{#PATH}}>{WHOLE}?${{#PATH}}-{ENDS}:${{#PATH}}}}}}" + "\x1e "
)  # fmt: skip
# Those that a snapshot holds, as far as bash can list them by prefix, and the rest by name.
LISTED = (
    "${!GO@} ${!CGO_@} ${!PKG_CONFIG@} ${!XDG_@} ${!GIT_@} CC CXX HOME USER SHELL TMPDIR LD_LIBRARY_PATH LD_PRELOAD http_proxy https_proxy no_proxy "
    "all_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY SSL_CERT_FILE SSL_CERT_DIR NETRC BASH_ENV ENV"
)
UNHIDE = (
    "POSIXLY_CORRECT=1\n"
    "\\unset -f unset set printf exec builtin command declare alias kill shopt trap 2>/dev/null\n"
    "\\trap - DEBUG\n\\set +xvue\n"
    # A start-up file may have closed descriptor 9: then everything is said on 2.
    "\\printf '' >&9 || \\exec 9>&2\n"
)


def path_section(nonce: str) -> str:
    """A command that prints whether PATH is set, and PATH, to descriptor 9."""
    return f'\\printf \'\\036{nonce} path\\036%s%s\' "${{PATH+=}}" "${{PATH-}}" >&9\n'


def last_words(nonce: str, env: str) -> str:
    """Print the environment, and be gone without running logout files or exit traps."""
    return f"\\printf '\\036{nonce} environment\\036' >&9\n{environment_command(env)}\\kill -9 $$\n"


def plain_command(nonce: str, env: str) -> str:
    """For the run that is not traced."""
    return UNHIDE + path_section(nonce) + last_words(nonce, env)


def traced_command(nonce: str, env: str) -> str:
    """For the traced run: also variables that are not exported, and aliases and functions that hide go."""
    return (
        UNHIDE
        + path_section(nonce)
        + f"\\printf '\\036{nonce} variables\\036' >&9; \\declare -p {LISTED} >&9 2>/dev/null\n"
        + f"\\printf '\\036{nonce} aliases\\036' >&9; \\alias go gofmt >&9 2>/dev/null\n"
        + f"\\printf '\\036{nonce} functions\\036' >&9; \\shopt -s extdebug; \\declare -F go gofmt >&9\n"
        + last_words(nonce, env)
    )


def replay(login: bool, interactive: bool, remote: bool, system_rc: str, bash_env: str) -> str:
    """The documented start-up sequence as commands, for a bash that ignores PS4 from the environment.

    Args:
        remote: bash decides that sshd started it.   system_rc: /etc/bash.bashrc or its like, "" if this bash has none.
    """
    lines = [f"PS4={_quoted(PS4)}", "BASH_XTRACEFD=9", "set -x"]
    if login:
        lines.append("[[ -r /etc/profile ]] && . /etc/profile")
        files = ("~/.bash_profile", "~/.bash_login", "~/.profile")
        lines.append(
            "; ".join(f"{'if' if n == 0 else 'elif'} [[ -e {f} ]]; then . {f}" for n, f in enumerate(files)) + "; fi"
        )
    elif interactive or remote:
        if system_rc:
            lines.append(f"[[ -r {system_rc} ]] && . {system_rc}")
        lines.append("[[ -r ~/.bashrc ]] && . ~/.bashrc")
    elif bash_env:
        lines.append(f"[[ -r {_quoted(bash_env)} ]] && . {_quoted(bash_env)}")
    return "\n".join(lines) + "\n"


def posix_replay(login: bool, env_file: str, own_name: bool = False, prompt: bool = False) -> str:
    """The start-up sequence of a plain sh, for a bash that plays it to find line numbers.

    Args:
        env_file: what $ENV names, "" where the shell does not read it.
        own_name: that sh is a bash and says so.   prompt: it has a PS1 from the start, as dash does.
    """
    lines = [] if own_name else ["unset BASH BASH_VERSION"]
    if prompt:
        lines.append("PS1='$ '")
    lines += [f"PS4={_quoted(PS4)}", "BASH_XTRACEFD=9", "set -x"]
    if login:
        lines.append("[ -r /etc/profile ] && . /etc/profile")
        lines.append('[ -r "$HOME/.profile" ] && . "$HOME/.profile"')
    if env_file:
        lines.append(f"[ -r {_quoted(env_file)} ] && . {_quoted(env_file)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def system_rc_of(program: bytes) -> tuple[str, bool]:
    """What a bash was compiled with: its system-wide start-up file for interactive shells, and whether it looks for sshd."""
    for name in (b"/etc/bash.bashrc", b"/etc/bash/bashrc", b"/etc/bashrc"):
        if name in program:
            return name.decode(), b"SSH2_CLIENT" in program
    return "", b"SSH2_CLIENT" in program
