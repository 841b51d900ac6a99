"""Contexts in which Go really works, as whom, in which environment, and with which settings.

That are the sessions of the user's own shell, and the jobs that run go. Everything else (a script's bare environment, another
shell, sudo) inherits from one of them, or is never used to build.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.host import accounts
from gosteward.reasoning.viewpoint import SESSION_KINDS, first_go
from gosteward.snapshot import Context, EnvironmentVariable

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.snapshot import Setting, User

AS_ROOT = ("sudo", "sudo-login", "systemd")


class WorkContext(NamedTuple):
    """A context with what it means for Go.

    Attributes:
        account: whom it runs as.   home: value of HOME, "" where it is not set.   own: it runs as the examined user.
        variables: exported variables by name.
    """

    context: Context
    account: User
    home: str
    own: bool
    variables: dict[str, EnvironmentVariable]

    def value(self, name: str) -> str:
        """Value of an environment variable, "" if unset."""
        variable = self.variables.get(name)
        return variable.value if variable is not None else ""


def in_use(host: Host, user: User, contexts: tuple[Context, ...]) -> tuple[WorkContext, ...]:
    """Contexts in which the user, or a job, runs go; one without a name and with nothing but HOME where no such context is known."""
    chosen = tuple(c for c in contexts if _counts(c))
    found = tuple(w for c in chosen if (w := at_work(host, user, c)) is not None)
    if found or chosen:
        return found
    return (WorkContext(Context(name="", kind="login"), user, user.home, own=True, variables={}),)


def at_work(host: Host, user: User, context: Context) -> WorkContext | None:
    """The context with its account and HOME; None if nobody has the account's name."""
    account = account_of(host, user, context)
    if account is None:
        return None
    variables = {v.name: v for v in context.variables if v.exported}
    return WorkContext(context, account, _home(context, account, variables), account.uid == user.uid, variables)


def account_of(host: Host, user: User, context: Context) -> User | None:
    """Whom commands of a context run as; None if nobody has that name."""
    if not context.run_as:
        return user if user.uid == 0 or context.kind not in AS_ROOT else accounts.user_with_id(host, 0)
    if context.run_as in (user.name, str(user.uid)):
        return user
    try:
        return accounts.user_named(host, context.run_as)
    except UsageError:
        return None


def effective(work: WorkContext, settings: tuple[Setting, ...], name: str) -> Setting | None:
    """The setting that `go` would use: environment, then the goenv file, then go.env of the tree whose go comes first; None for none."""
    entry = first_go(work.context)
    goroot = entry.go.goroot if entry is not None and entry.go is not None else ""
    best: Setting | None = None
    for setting in settings:
        if setting.name != name or setting.problem or not setting.value or not _applies(work, setting, goroot):
            continue
        if best is None or _ORDER[setting.origin] < _ORDER[best.origin]:
            best = setting
    return best


_ORDER = {"environment": 0, "goenv-file": 1, "goroot": 2}


def _applies(work: WorkContext, setting: Setting, goroot: str) -> bool:
    if setting.origin == "goroot":
        return bool(goroot) and setting.goroot == goroot
    if setting.origin == "goenv-file" and not setting.contexts:
        return work.own
    return work.context.name in setting.contexts


def _counts(context: Context) -> bool:
    if context.status == "not-run":
        return False
    return context.uses_go or (context.own and context.kind in SESSION_KINDS)


def _home(context: Context, account: User, variables: dict[str, EnvironmentVariable]) -> str:
    if "HOME" in variables:
        return variables["HOME"].value
    # systemd sets HOME only where User= is given; cron and login always do, and what a traced shell does not have was unset.
    unset = (context.kind == "systemd" and account.uid == 0) or (context.method == "traced" and bool(context.variables))
    return "" if unset else account.home
