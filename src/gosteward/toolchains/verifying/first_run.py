"""The first `go version` of a new tree: by this process, and for a tree of a group by somebody in it and somebody who is not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gosteward.finding import Text
from gosteward.host import checking, writing
from gosteward.host.accounts import member_of
from gosteward.snapshot import User
from gosteward.toolchains.installed.changing import ChangeError

if TYPE_CHECKING:
    from gosteward.golang.platforms import Platform
    from gosteward.host.accounts import Group
    from gosteward.host.local import LocalHost

RUN_SECONDS = 60.0
NOBODY = User(name="nobody", uid=65534, gid=65534)


def tried_for(host: LocalHost, group: Group, tree: str, version: str, platform: Platform) -> tuple[Text, ...]:
    """That members of a group can run a tree, and others cannot: tried. Raises ChangeError: it is not so."""
    outsider = complaint(tree, version, platform, NOBODY)
    if not outsider:
        raise ChangeError("somebody who is not in the group can run it", subject=tree)
    member = member_of(host, group)
    if member is None:
        return (Text("{group} has no member: whether one can run it was not tried", group=group.name),)
    said = complaint(tree, version, platform, member)
    if said:
        raise ChangeError(f"{member.name}, who is in {group.name}, cannot run it: {said}", subject=tree)
    return (Text("{user} of {group} can run it, others cannot: tried", user=member.name, group=group.name),)


def complaint(tree: str, version: str, platform: Platform, user: User | None = None) -> str:
    """Why the new go does not run for a user (None: whoever we are), "" if it does."""
    directory = os.open("/", writing.READING | os.O_DIRECTORY)
    try:
        code, output = checking.run_as(user, (f"{tree}/bin/go", "version"), checking.ASKING_GO, directory, RUN_SECONDS)
    except OSError as error:
        return error.strerror or str(error)
    finally:
        os.close(directory)
    said = " ".join(output.split())[:300]
    right = code == 0 and said == f"go version {version} {platform.goos}/{platform.goarch}"
    return "" if right else f"{said} (exit code {code})"
