"""GS914: GIT_DIR is exported, so git looks at another repository than the module's, and `go build` asks git for the revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.modules_in_use import stamped_modules
from gosteward.reasoning.setting_repair import unset_actions
from gosteward.reasoning.settings_in_force import exported_in, locations, place, sessions
from gosteward.rules.dubious_ownership import has_git

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Setting, Snapshot, Workspace

RULE = Rule(
    id="GS914",
    slug="git-dir-exported",
    title="GIT_DIR leads git away from the module's repository",
    severity="error",
    needs=("contexts", "workspaces", "c_toolchain", "go_settings"),
    symptoms=(
        "error obtaining VCS status: exit status 128",
        "fatal: not a git repository: '/home/dev/.dotfiles'",
        "fatal: this operation must be run in a work tree",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    modules = stamped_modules(snapshot)
    if not modules or not has_git(snapshot):
        return
    for setting in exported_in(sessions(snapshot), "GIT_DIR"):
        others = tuple(w for w in modules if setting.value.rstrip("/") != f"{w.vcs.rstrip('/')}/.git")
        if others and setting.value.startswith("/"):
            yield _finding(snapshot, setting, others[0])


def _message(setting: Setting, workspace: Workspace) -> Text:
    if workspace.git_dir == "repository":
        return Text(
            "{place} exports GIT_DIR={value}, which is another repository than {vcs}: programs that `go build` makes in {module} carry its revision",
            place=place(setting),
            value=setting.value,
            vcs=workspace.vcs,
            module=workspace.root,
        )
    return Text(
        "{place} exports GIT_DIR={value}: git looks there and not into {vcs}, so `go build` in {module} gets no revision, or one of something else",
        place=place(setting),
        value=setting.value,
        vcs=workspace.vcs,
        module=workspace.root,
    )


def _finding(snapshot: Snapshot, setting: Setting, workspace: Workspace) -> Finding:
    actions = unset_actions(snapshot, setting)
    return Finding(
        rule=RULE,
        subject=f"{place(setting)}:GIT_DIR",
        message=_message(setting, workspace),
        # In another repository with a work tree git finds an answer, a wrong one; in a bare one, or in nothing, it stops.
        severity="warning" if workspace.git_dir == "repository" else "",
        locations=locations(setting),
        evidence=(f"GIT_DIR={setting.value}", "git status"),
        contexts=setting.contexts,
        explains=(Explains("GS905"),),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=Text(
            "Remove the line, and open a new session. A repository of settings files is better reached by an alias: `alias dotfiles='git --git-dir=$HOME/.dotfiles --work-tree=$HOME'`."
        ),
    )
