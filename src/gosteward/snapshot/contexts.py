"""Contexts: every way in which a command can be started for a user, and who set its PATH and environment."""

from typing import NamedTuple, Optional

from gosteward.snapshot.places import Location
from gosteward.snapshot.programs import Binary


class PathEntry(NamedTuple):
    """One entry of a search path.

    Attributes:
        directory: the text between two colons, unchanged: "" is the current directory, "~/go/bin" a literal tilde.
        sources: the line that contributed it, outermost file last (the innermost frame is first).
        kind: "directory", "missing", "file", "unreadable" (the user may not search it), "relative" (also empty and tilde).
        mode, uid: of the directory.   world_writable: anybody may add files to it, or may replace it.
        go: the file named `go` in it (also one that cannot run, also a broken link), None if there is none.
        gofmt: the same for gofmt.   go_exe: path of a `go.exe` in it, "" if none.
    """

    directory: str
    sources: tuple[Location, ...] = ()
    kind: str = "directory"
    mode: int = 0o755
    uid: int = 0
    world_writable: bool = False
    go: Optional[Binary] = None
    gofmt: Optional[Binary] = None
    go_exe: str = ""


class LostEntry(NamedTuple):
    """An entry that was on PATH earlier in the start-up and is not at its end: who set it, who threw it away."""

    directory: str
    sources: tuple[Location, ...] = ()
    dropped_by: Optional[Location] = None


class EnvironmentVariable(NamedTuple):
    """A variable that Go, cgo or the shell look at.

    Attributes:
        value: as a child process sees it, or would see it.   sources: the line that set it last, innermost frame first.
        exported: False for a shell variable that child processes do not get.
    """

    name: str
    value: str
    sources: tuple[Location, ...] = ()
    exported: bool = True


class Alias(NamedTuple):
    """An alias or shell function that hides a program.

    Attributes:
        value: what the alias stands for; of a function the call of go in its body ("command go"), "" if none was seen.
        kind: "alias" or "function".
    """

    name: str
    value: str
    kind: str = "alias"
    source: Optional[Location] = None


class LeftProcess(NamedTuple):
    """A process that a start-up file leaves running.  name: of the program.  source: the line that starts it, None if not known."""

    name: str
    source: Optional[Location] = None


class SlowLine(NamedTuple):
    """A line of a start-up file and the seconds that it took in this context."""

    location: Location
    seconds: float


class Context(NamedTuple):
    """One way of starting a command.

    Attributes:
        name: stable and unique: "bash-login", "bash-interactive", "bash-interactive-login", "bash-script", "bash-ssh-command",
            "sh-login", "sh-script", "zsh-login", "zsh-interactive", "zsh-interactive-login", "zsh-script", "zsh-ssh-command",
            "fish-login", "fish-interactive", "fish-script", "fish-ssh-command", the same for a ksh, mksh, csh or tcsh that is the
            login shell ("ksh-login", "tcsh-script"), "sudo", "sudo-login", "su", "sshd",
            "cron:PATH:LINE" per job, "systemd" (a system unit without settings), "systemd-user", "systemd:NAME.service" per
            unit that runs go, "container".
        kind: "login", "terminal", "ssh-login", "ssh-command", "script", "cron", "systemd", "systemd-user", "sudo",
            "sudo-login", "su", "container". Several contexts share a kind, one per shell.
        shell: "bash", "sh", "zsh", "fish", "ksh", "mksh", "csh", "tcsh", or "" where no shell start-up file is read.
        own: the shell is the user's login shell, or no shell governs it. Only own contexts deserve errors.
        method: "traced" (really started; Korn and C shells without a trace), "static" (read from files).
        search_path: in order.   path_unset: PATH is not set at all (the shell's built-in default is listed).
        lost: entries thrown away on the way.
        variables: those whose names start with GO or CGO_, and CC CXX PKG_CONFIG* HOME USER SHELL TMPDIR XDG_* LD_LIBRARY_PATH LD_PRELOAD
            http_proxy https_proxy no_proxy all_proxy (any case) SSL_CERT_FILE SSL_CERT_DIR NETRC GIT_* BASH_ENV ENV.
        aliases: those named go or gofmt.
        files_read: start-up files in the order read (traced contexts).
        status: "complete", "timed-out", "no-answer" (a start-up file exited or replaced the shell), "not-run" (see reason).
        stopped_at: the last line that ran, for a status other than complete.  reason: "hangs", "exits", "exec", "recursion",
            "reads-input", "path-too-long", "".
        unsure: the plain and the traced run disagree, so attribution may be wrong; or sshd may set more, depending on where its client is.
        command, location, directory, run_as: for cron jobs and units: what runs, where it is written, where and as whom.
        calls: bare names of programs that `command` runs and that are go, gofmt, or installed by go (sample of at most 10).
        uses_go: command calls go by a bare name or an absolute path.
        direct: systemd itself starts the program that `calls` names first: it seeks it in its built-in directories (or those of
            ExecSearchPath=), which `search_path` then holds, whatever PATH= says.
        syntax_errors: where the shell stopped to read a start-up file because it could not parse it; at most 5.
        left_running: processes that the start-up files left running when they had come to their end (traced contexts).
        seconds: wall time of the start-up, traced where that was the only one.   slow: lines that took 0.1 s or more.
    """

    name: str
    kind: str
    shell: str = ""
    own: bool = True
    method: str = "static"
    search_path: tuple[PathEntry, ...] = ()
    path_unset: bool = False
    lost: tuple[LostEntry, ...] = ()
    variables: tuple[EnvironmentVariable, ...] = ()
    aliases: tuple[Alias, ...] = ()
    files_read: tuple[str, ...] = ()
    status: str = "complete"
    stopped_at: Optional[Location] = None
    reason: str = ""
    unsure: bool = False
    command: str = ""
    location: Optional[Location] = None
    directory: str = ""
    run_as: str = ""
    calls: tuple[str, ...] = ()
    uses_go: bool = False
    seconds: float = 0.0
    slow: tuple[SlowLine, ...] = ()
    direct: bool = False
    syntax_errors: tuple[Location, ...] = ()
    left_running: tuple[LeftProcess, ...] = ()


class StartupLine(NamedTuple):
    """A line of a start-up file that sets something Go depends on, read statically.

    Attributes:
        kind: "path" (assigns PATH), "variable" (assigns a variable named as in `Context.variables`), "alias", "source",
            "limit" (`ulimit`; name as in `Limit`, value as written), "umask" (value: octal, as written).
        name: variable or alias name.   value: right-hand side as written, comments and line end removed.
        adds: for kind "path": directories that it adds, `$HOME` and `~` expanded where the shell would expand them.
        keeps: for kind "path": the line keeps the old value (`$PATH` on the right, `path+=`, fish_add_path).
        at_end: the added directories come behind the old ones (appended).
        exported: export, -x, typeset -x, or PATH itself.
        reached: False when it stands behind an early return or exit that non-interactive shells take.
        guarded: stands inside a test that looks at PATH, so it does not add a second copy.
        literal: what the line's syntax keeps literal though it looks like an expansion: "tilde", "dollar", "quote", "".
        syntax: what makes it invalid for the file's shell: "export-in-fish", "fish-in-posix", "csh-in-posix",
            "spaces-around-equals", "export-in-environment-file", "dollar-in-environment-file", "smart-quotes", "invisible-character", "misspelt-name",
            "dollar-name" (`$PATH=...`), "open-quote" (it stands behind a quote that is never closed), "".
        carriage_return: the line ends in CR LF.
        alone: the whole line is one simple command that stands in nothing else (no `if`, no function), so that it can go, move, or
            be wrapped (sh, bash, zsh).
    """

    kind: str
    name: str
    location: Location
    value: str = ""
    adds: tuple[str, ...] = ()
    keeps: bool = True
    at_end: bool = False
    exported: bool = True
    reached: bool = True
    guarded: bool = False
    literal: str = ""
    syntax: str = ""
    carriage_return: bool = False
    alone: bool = False


class StartupFile(NamedTuple):
    """A file that some shell, PAM, cron, sudo or systemd reads at start.

    Attributes:
        path: as the program names it.   real_path: through links, "" if broken.
        dialect: "posix", "bash", "zsh", "fish", "csh", "pam-environment", "systemd-environment", "crontab", "sudoers", "login.defs",
            "sshd_config".
        scope: "system" or "user".
        shells: which shells would read it in some context ("bash", "sh", "zsh", "fish", "ksh", "csh"); () for files that no shell reads.
        contexts: names of the contexts that read it on this host (traced where traced, else by the documented order).
        exists, readable: for the examined user.   mode, uid, size.
        lines: what it sets.   early_return: line of the return or exit that stops non-interactive shells, 0 if none.
        carriage_returns: first 20 line numbers that end in CR LF.   hidden_by: path of the file that keeps this one from being read
            (~/.bash_profile for ~/.profile), "" if none.
        writable_by_others: group or world may write it, or its owner is neither the user nor root.
        problem: "" or "binary", "too-long", "fifo", "directory", "device", "loop", "dangling".
        target: for "dangling": what the last link of the chain names, absolute.
    """

    path: str
    real_path: str = ""
    dialect: str = "posix"
    scope: str = "user"
    shells: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    exists: bool = True
    readable: bool = True
    mode: int = 0o644
    uid: int = 0
    size: int = 0
    lines: tuple[StartupLine, ...] = ()
    early_return: int = 0
    carriage_returns: tuple[int, ...] = ()
    hidden_by: str = ""
    writable_by_others: bool = False
    problem: str = ""
    target: str = ""
