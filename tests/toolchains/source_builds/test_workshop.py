"""A build has an environment of its own, tells what it does, and leaves nothing anywhere but its log, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from gosteward.toolchains.installed.changing import ChangeError
from gosteward.toolchains.source_builds import make_log, workshop
from gosteward.toolchains.source_builds.workshop import BuildError
from toolchains.source_builds.works import VERSION, Works
from toolchains.source_release import BUILDER, source_release


def test_the_environment_of_a_build_is_its_own(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOS", "plan9")
    works.build()
    found = dict(line.split("=", 1) for line in (works.place / "environment").read_text().split("\0")[:-1])
    room = str(works.site.top / "cache/builds/room")
    assert {name: found.pop(name, "") for name in ("PWD", "SHLVL", "_", "OLDPWD")}["PWD"] == f"{room}/go/src"
    assert found == workshop.environment(room, str(BUILDER))
    # What is in these becomes a default of the Go that is built.
    assert not {"CGO_ENABLED", "GOROOT", "GOOS", "GO_LDSO"} & found.keys()
    assert (found["HOME"], found["PATH"]) == (f"{room}/home", "/usr/sbin:/usr/bin:/sbin:/bin")


def test_what_is_going_on_is_told_as_make_bash_says_it(works: Works) -> None:
    works.build()
    told = list(dict.fromkeys(works.said))
    assert told[0].startswith("is built by go1.")
    assert told[1:2] == ["unpacks v0.0.1-go1.26.90.linux-amd64.zip"]
    assert told[2:-3] == ["builds cmd/dist", "builds toolchain1", "builds packages and commands"]
    assert told[-3:] == ["compares every file", "packs what was built", "installs go1.26.90"]


def test_a_build_that_fails_shows_its_last_lines_and_where_the_rest_is(works: Works) -> None:
    failing = "for n in $(seq 30); do echo \"line $n\"; done; printf '\\033[31mend'; exit 3"
    works.publish(source_release("go1.26.91", works.place, before=failing))
    with pytest.raises(BuildError, match=r"while it was building cmd/dist \(exit code 3\)") as caught:
        works.build("1.26.91")
    assert caught.value.lines[0] == "line 12"
    assert caught.value.lines[-1] == "\x1b[31mend"
    assert str(works.logs()[0]) in caught.value.hint
    assert works.site.names() == []
    assert works.left() == ["lock"]


def test_only_so_many_logs_are_kept(works: Works) -> None:
    logs = works.site.top / "state/gosteward/builds"
    logs.mkdir(parents=True, mode=0o700)
    for day in range(10, 30):
        (logs / f"go1.{day}.1-202601{day}T000000Z.log").write_text("")
    with workshop.opened(works.site.changing().host, works.keeping, VERSION, lambda _: None):
        pass
    kept = [path.name for path in works.logs()]
    assert len(kept) == make_log.MOST_LOGS
    assert "go1.29.1-20260129T000000Z.log" in kept


def test_where_there_is_no_room_nothing_begins(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop, "ROOM_BYTES", 1 << 60)
    with pytest.raises(ChangeError, match="bytes free"):
        works.build()
    assert works.left() == ["lock"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_build_that_is_ended_leaves_nothing_behind_the_next_one(works: Works, number: int) -> None:
    slow = source_release(
        "go1.26.91", works.place, before="touch PLACE/begun; sleep 100 & wait".replace("PLACE", str(works.place))
    )
    works.publish(slow)
    begun = works.place / "begun"
    begun.unlink(missing_ok=True)
    script = f"""
import sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from toolchains.conftest import Site
from toolchains.source_builds.works import Works
Works(Site(Path({str(works.site.top)!r}), {works.site.environ!r}), None, None, None, []).build("1.26.91")
"""
    process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    while not begun.exists() and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait() != 0
    if number == signal.SIGKILL:
        assert works.left() == ["lock", "room"]
        end_orphans(works)
    else:
        assert works.left() == ["lock"]
        assert not running_below(works)
    assert works.build().version == VERSION
    assert works.left() == ["lock"]


def running_below(works: Works) -> list[int]:
    """Processes that run in the room of a build."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.readlink(f"/proc/{entry}/cwd").startswith(str(works.site.top)):
                    found.append(int(entry))
            except OSError:
                continue
    return found


def end_orphans(works: Works) -> None:
    """What a killed build left runs on until it is done, and holds the lock until then: here `sleep` and its shell."""
    orphans = running_below(works)
    assert orphans
    for pid in orphans:
        os.kill(pid, signal.SIGKILL)
