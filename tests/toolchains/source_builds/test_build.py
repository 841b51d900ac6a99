"""What is built from proved sources is the official release or is not installed; and nothing of a build lies anywhere but its log."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from gosteward.errors import StewardError, UsageError
from gosteward.toolchains.build import Builder, Order, Result
from gosteward.toolchains.installed import goroots
from gosteward.toolchains.installed.changing import ChangeError
from gosteward.toolchains.installed.store import installed
from gosteward.toolchains.obtaining.acquiring import Keeping
from gosteward.toolchains.proving import proofs
from gosteward.toolchains.proving.proofs import MismatchError, UnprovedError
from gosteward.toolchains.source_builds import bootstrapping, build_log, build_sources, building
from gosteward.toolchains.source_builds.building import BuildError
from gosteward.toolchains.source_builds.rebuilding import Rebuilding
from toolchains import test_cli
from toolchains.conftest import ME
from toolchains.godev_server import publish, toolchain_proxy
from toolchains.small_release import small_release
from toolchains.source_release import BUILDER, source_archive, source_release, write_files
from toolchains.test_cli import Shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolchains.conftest import Site
    from toolchains.godev_server import ToolchainProxy
    from toolchains.small_release import SmallRelease

VERSION = "go1.26.90"
PATCH = Path(__file__).parents[1].joinpath("data").joinpath("source_release.patch").read_text()


class Works(NamedTuple):
    """Where builds are tried.  place: of the release's make.bash."""

    site: Site
    proxy: ToolchainProxy
    release: SmallRelease
    place: Path
    said: list[str]

    def build(self, spec: str = "1.26.90", **more: object) -> Result:
        site = self.site
        order = Order(
            spec, str(site.root), bootstrap=str(BUILDER), links=str(site.bin), usual_place=str(site.usual_place)
        )
        return Builder(site.changing("build"), self.keeping, lambda text: self.said.append(str(text))).build(
            order._replace(**more)
        )

    @property
    def keeping(self) -> Keeping:
        return Keeping(str(self.site.top / "cache"), str(self.site.top / "state/gosteward"))

    def left(self) -> list[str]:
        """What builds left, but their logs."""
        builds = self.site.top / "cache/builds"
        return sorted(os.listdir(builds)) if builds.is_dir() else []

    def logs(self) -> list[Path]:
        return sorted((self.site.top / "state/gosteward/builds").glob("*.log"))

    def publish(self, release: SmallRelease) -> SmallRelease:
        """Serve and log another release."""
        publish(self.proxy.log, release)
        self.proxy.log.grow(0)
        return release

    def patch(self, text: str = PATCH) -> tuple[str, ...]:
        path = self.site.top / "ours.patch"
        path.write_text(text)
        return (str(path),)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("place")


@pytest.fixture(scope="module")
def release(place: Path) -> SmallRelease:
    return source_release(VERSION, place)


@pytest.fixture
def works(site: Site, release: SmallRelease, place: Path) -> Iterator[Works]:
    with toolchain_proxy(release) as serving:
        site.environ.update(
            GOPROXY=serving.url, GOSUMDB=serving.vkey, GOFLAGS="-mod=vendor", GOROOT="/nonexistent", CGO_ENABLED="1"
        )
        yield Works(site, serving, release, place, [])


def test_what_is_built_from_the_logged_sources_is_the_official_release_and_is_installed(works: Works) -> None:
    result = works.build()
    assert (result.version, result.in_use, result.builders) == (
        VERSION,
        VERSION,
        (BUILDER.joinpath("VERSION").read_text().split()[0],),
    )
    assert [proof.kind for proof in result.evidence.proofs] == ["log", "rebuilt"]
    assert result.files == len(works.release.module_files)
    ran = subprocess.run([works.site.bin / "go", "version"], capture_output=True, text=True, check=True)
    assert ran.stdout == "go version go1.26.90 linux/amd64\n"
    tree = works.site.root / VERSION
    there = {str(f.relative_to(tree)): f.read_bytes() for f in tree.rglob("*") if f.is_file()}
    assert there == {
        name: content
        for name, content in works.release.files.items()
        if not name.startswith(("api/", "doc/", "misc/", "test/"))
    }
    record = json.loads((works.site.root / f".installed/{VERSION}.json").read_text())
    assert (record["proofs"][0]["value"], record["unverified_reason"]) == (works.release.h1, "")


def test_a_build_leaves_its_log_and_undo_leaves_nothing_else(works: Works) -> None:
    before = works.site.names()
    result = works.build()
    assert works.left() == ["lock"]
    assert result.log == str(works.logs()[0])
    assert "Building packages and commands for linux/amd64.\n" in Path(result.log).read_text()
    assert all(not undone.reason for undone in works.site.undo())
    assert works.site.names() == before


def test_the_environment_of_a_build_is_its_own(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOS", "plan9")
    works.build()
    found = dict(line.split("=", 1) for line in (works.place / "environment").read_text().split("\0")[:-1])
    room = str(works.site.top / "cache/builds/room")
    assert {name: found.pop(name, "") for name in ("PWD", "SHLVL", "_", "OLDPWD")}["PWD"] == f"{room}/go/src"
    assert found == building.environment(room, str(BUILDER))
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


def test_a_build_that_differs_from_what_the_log_names_installs_nothing_and_names_the_files(works: Works) -> None:
    lying = source_release("go1.26.91", works.place, **{"pkg/tool/linux_amd64/asm": b"# another\n"})
    works.publish(lying)
    with pytest.raises(MismatchError, match=r"pkg/tool/linux_amd64/asm \(changed\)") as caught:
        works.build("1.26.91")
    assert lying.h1 in str(caught.value)
    assert works.site.names() == []
    assert works.left() == ["lock"]


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
    with building.opened(works.site.changing().host, works.keeping, VERSION, lambda _: None):
        pass
    kept = [path.name for path in works.logs()]
    assert len(kept) == build_log.MOST_LOGS
    assert "go1.29.1-20260129T000000Z.log" in kept


def test_a_patched_release_has_a_name_of_its_own_and_its_record_names_the_patch(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = works.build(patches=works.patch())
    assert re.fullmatch(r"go1\.26\.90-patched\.[0-9a-f]{8}", result.version)
    go = works.site.bin / "go"
    said = [
        subprocess.run([go, word], capture_output=True, text=True, check=True).stdout for word in ("version", "patched")
    ]
    assert said == [f"go version {result.version} linux/amd64\n"] * 2
    record = json.loads((works.site.root / f".installed/{result.version}.json").read_text())
    assert [proof["kind"] for proof in record["proofs"]] == ["patch"]
    assert record["unverified_reason"] == f"patched: ours.patch sha256:{record['proofs'][0]['value']}"
    trees = installed(works.site.changing().host, str(works.site.root))
    assert [(tree.version, tree.current) for tree in trees] == [(result.version, True)]
    monkeypatch.chdir(works.site.top)
    assert works.build(patches=("ours.patch",), suffix="corp.1").version == "go1.26.90-corp.1"


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("at := count - 1", "at := count - 2", "does not fit exactly"),
        ("a/src/cmd", "a/../src/cmd", "line 3"),
        ("src/cmd/go/main.go", "VERSION", "changes VERSION"),
    ],
)
def test_a_patch_that_does_not_fit_or_leads_out_of_the_sources_is_refused(
    works: Works, old: str, new: str, part: str
) -> None:
    with pytest.raises(StewardError, match=part):
        works.build(patches=works.patch(PATCH.replace(old, new)))
    assert works.site.names() == []
    assert works.left() in ([], ["lock"])


def test_a_suffix_without_a_patch_and_one_that_could_be_a_path_are_refused(works: Works) -> None:
    for more in ({"suffix": "x"}, {"suffix": "../x", "patches": works.patch()}):
        with pytest.raises(UsageError):
            works.build(**more)


def fake_go(top: Path, said: str) -> str:
    write_files(top, {"bin/go": f"#!/bin/sh\n{said}\n".encode()})
    return str(top)


def test_a_tree_that_cannot_build_is_refused_with_the_reason(works: Works) -> None:
    top = works.site.top
    (top / "loop").symlink_to(works.site.root / VERSION)
    old = fake_go(top / "old", "echo go version go1.24.5 linux/amd64")
    for directory, part in (
        (old, "go1.24.5 cannot build go1.26.90: go1.24.6 or later is needed"),
        (fake_go(top / "broken", "echo no library >&2; exit 127"), r"does not run \(no library \(exit code 127\)\)"),
        (str(top / "nothing"), "no Go tree"),
        (str(works.site.bin), "no Go tree"),
    ):
        with pytest.raises(UsageError, match=part):
            works.build(bootstrap=directory)
    target = fake_go(works.site.root / "go1.26.77", "echo go version go1.26.8 linux/amd64")
    here = bootstrapping.Here(works.site.changing().host, str(works.site.root), "", target)
    for same in (target, f"{target}/../go1.26.77"):
        with pytest.raises(UsageError, match="must not be the tree that is built"):
            bootstrapping.said_by(same, VERSION, here)
    assert works.left() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="anybody may run a go of his own")
def test_root_builds_with_nothing_that_somebody_else_could_change(works: Works) -> None:
    tree = fake_go(works.site.top / "open", "echo go version go1.26.8 linux/amd64")
    os.chmod(f"{tree}/bin/go", 0o777)
    os.chmod(works.site.top, 0o755)
    with pytest.raises(UsageError, match="others than root may change"):
        works.build(bootstrap=tree)


@pytest.fixture
def bare(works: Works, monkeypatch: pytest.MonkeyPatch) -> Works:
    """No Go is on this machine."""
    for name in ("PLACES", "BESIDE", "OF_HOME"):
        monkeypatch.setattr(bootstrapping, name, ())
    return works


def test_without_a_go_one_is_fetched_and_does_not_stay(bare: Works) -> None:
    other = small_release(
        "go1.24.13",
        **{
            "bin/go": f'#!/bin/sh\n[ "$1" = version ] && echo go version go1.24.13 linux/amd64 || exec {BUILDER}/bin/go "$@"\n'.encode()
        },
    )
    bare.publish(other)
    result = bare.build(bootstrap="auto")
    assert (result.builders, result.files) == (("go1.24.13",), len(bare.release.module_files))
    assert sorted(os.listdir(bare.site.root)) == [".installed", "current", VERSION]


def test_what_is_here_and_sound_is_taken_the_newest_of_it(bare: Works) -> None:
    runs = f'[ "$1" = version ] && echo go version VERSION linux/amd64 || exec {BUILDER}/bin/go "$@"'
    for name in ("go1.24.5", "go1.25.3", "go1.24.9"):
        fake_go(bare.site.root / name, runs.replace("VERSION", name))
    fake_go(bare.site.root / "go1.26.89", "exit 1")
    assert bare.build(bootstrap="auto").builders == ("go1.25.3",)


STEP = """#!/usr/bin/env bash
set -e
mkdir -p ../bin ../pkg
if [ "$GOROOT_BOOTSTRAP" ]; then built="by $("$GOROOT_BOOTSTRAP/bin/go" version | cut -d' ' -f3)"; else echo 'int main(void) { return 0; }' > c.c; cc -o c c.c; built="by C"; fi
echo "$(head -1 ../VERSION) $built" >> PLACE/chain
printf '#!/bin/sh\\n[ "$1" = version ] && echo go version %s linux/amd64 || exec BUILDER/bin/go "$@"\\n' "$(head -1 ../VERSION)" > ../bin/go
chmod +x ../bin/go
"""


def test_from_nothing_c_begins_a_chain_in_which_each_builds_the_next(
    bare: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = bare.site.top / "sources"
    sources.mkdir()
    monkeypatch.setattr(proofs.release_digests, "pinned", lambda _: None)
    make = STEP.replace("PLACE", str(bare.place)).replace("BUILDER", str(BUILDER)).encode()
    names = {
        "go1.4-bootstrap-20171003.tar.gz": "go1.4-bootstrap-20170531",
        **{f"{v}.src.tar.gz": v for v in ("go1.17.13", "go1.20.14", "go1.22.12", "go1.24.13")},
    }
    for name, version in names.items():
        content = source_archive({"VERSION": version.encode(), "src/make.bash": make})
        (sources / name).write_bytes(content)
        if "bootstrap" in name:
            monkeypatch.setattr(build_sources.bootstrap, "FROM_C_SHA256", sha256(content).hexdigest())
    own = bare.site.top / f"{bare.release.module_version}.zip"
    own.write_bytes(bare.release.zip())
    with pytest.raises(UnprovedError):
        bare.build(str(own), bootstrap="auto", source=str(sources))
    result = bare.build(str(own), bootstrap="auto", source=str(sources), reason="the sources are ours")
    assert result.builders == ("go1.4", "go1.17.13", "go1.20.14", "go1.22.12", "go1.24.13")
    assert "is built by go1.24.13, which is built by go1.22.12, which is built by go1.20.14, which" in " ".join(
        bare.said
    )
    assert (bare.place / "chain").read_text().splitlines() == [
        "go1.4-bootstrap-20170531 by C", "go1.17.13 by go1.4-bootstrap-20170531", "go1.20.14 by go1.17.13", "go1.22.12 by go1.20.14",
        "go1.24.13 by go1.22.12",
    ]  # fmt: skip
    # However long the way is: what comes out is the official release.
    assert [proof.kind for proof in result.evidence.proofs] == ["log", "rebuilt"]


def test_sources_that_nothing_proves_are_built_only_for_a_reason_and_compared_all_the_same(works: Works) -> None:
    archive = works.site.top / f"{VERSION}.src.tar.gz"
    archive.write_bytes(source_archive(works.release.files))
    with pytest.raises(UnprovedError):
        works.build(str(archive))
    result = works.build(str(archive), reason="from our own mirror")
    assert [proof.kind for proof in result.evidence.proofs] == ["log", "rebuilt"]


def test_sources_that_somebody_changed_are_not_built(works: Works) -> None:
    evil = source_release(VERSION, works.place, before="touch PLACE/evil")
    works.proxy.files[works.proxy.path(works.release, "zip")] = evil.zip()
    (works.place / "environment").unlink(missing_ok=True)
    with pytest.raises(MismatchError, match="nothing was built"):
        works.build()
    assert not (works.place / "environment").exists()


def test_a_file_that_no_proof_covers_is_not_built(works: Works) -> None:
    """The h1 of a tarball leaves out what the build removes or makes."""
    smuggled = works.release._replace(files={**works.release.files, "src/cmd/dist/dist": b"#!/bin/sh\n"})
    archive = works.site.top / works.release.name
    archive.write_bytes(smuggled.tar_gz())
    with pytest.raises(MismatchError, match="src/cmd/dist/dist"):
        works.build(str(archive))


def test_where_there_is_no_room_nothing_begins(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "ROOM_BYTES", 1 << 60)
    with pytest.raises(ChangeError, match="bytes free"):
        works.build()
    assert works.left() == ["lock"]


def test_what_is_installed_already_is_not_built_over(works: Works) -> None:
    works.site.install("1.26.90")
    with pytest.raises(UsageError, match="installed already"):
        works.build()


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
from toolchains.source_builds.test_build import Works
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


def rebuilt(works: Works, tree: Path) -> tuple[str, tuple[str, ...]]:
    host = works.site.changing().host
    rebuilding = Rebuilding(host, ME, works.keeping, root=str(works.site.root))
    check = rebuilding.check(goroots.goroot_at(host, str(tree)))
    return check.status, tuple(file.name for file in check.files)


def test_a_tree_is_what_its_sources_come_to_or_its_files_are_named(
    bare: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = bare
    monkeypatch.setattr(bootstrapping, "PLACES", (str(BUILDER),))
    works.site.install("1.26.90")
    tree = works.site.root / VERSION
    assert rebuilt(works, tree) == ("ok", ())
    (tree / "go.env").write_text("GOTOOLCHAIN=local\n")  # another check judges that
    (tree / "bin/gofmt").write_text("#!/bin/sh\nevil\n")
    (tree / "src/fmt/evil.go").write_text("package fmt\n")
    assert rebuilt(works, tree) == ("failed", ("bin/gofmt", "src/fmt/evil.go"))
    assert works.left() == ["lock"]


def test_a_tree_under_suspicion_does_not_build_its_own_witness(bare: Works) -> None:
    bare.site.install("1.26.90")
    tree = bare.site.root / VERSION
    here = bootstrapping.Here(bare.site.changing().host, str(bare.site.root), "", suspect=str(tree))
    with pytest.raises(UsageError, match="must not be the tree that is built"):
        bootstrapping.said_by(str(tree), VERSION, here)
    assert rebuilt(bare, tree)[0] == "not-judged"


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The real Go, where the places that a shell of the tests has anew do not hide it."""
    if os.geteuid() != 0:
        return BUILDER
    place = tmp_path / "builder"
    place.mkdir()
    monkeypatch.setattr(test_cli, "PLACES", f"mount --bind {BUILDER} {place}; {test_cli.PLACES}")
    return place


def test_the_command_says_what_was_built_and_how_a_build_failed(works: Works, tmp_path: Path, builder: Path) -> None:
    works.publish(source_release("go1.26.91", works.place, before="printf 'it is \\033[31mred'; exit 3"))
    shell = Shell(tmp_path, GOPROXY=works.proxy.url, GOSUMDB=works.proxy.vkey)
    at = f"--root {shell.root} --bootstrap {builder}"
    built, listed, failed, undone, old = shell.run(
        f"build 1.26.90 {at}", f"verify {shell.root}/go1.26.90 --files-only", f"build 1.26.91 {at} --format json", "undo --yes",
        f"build 1.26.90 {at} --bootstrap {fake_go(tmp_path / 'old', 'echo go version go1.21.3 linux/amd64')}",
    )  # fmt: skip
    assert [ran.code for ran in (built, listed, failed, undone, old)] == [0, 0, 1, 0, 2], (
        built,
        listed,
        failed,
        undone,
        old,
    )
    assert re.search(r"\[0:\d\d\] builds packages and commands\n", built.said)
    assert (
        f"all {len(works.release.module_files)} files are those of the official release, bit by bit (log.example, record "
        in built.said
    )
    assert re.search(r"  log: \S+/builds/go1\.26\.90-\d{8}T\d{6}Z\.log\n", built.said)
    *_, last, error, hint = failed.said.splitlines()
    assert (last, error) == (
        "    it is \\x1b[31mred",
        "gosteward: make.bash failed while it was building cmd/dist (exit code 3)",
    )
    assert re.fullmatch(r"hint: all that it wrote is in \S+/builds/go1\.26\.91-\w+\.log", hint)
    assert "go1.21.3 cannot build go1.26.90: go1.24.6 or later is needed" in old.said
    assert not shell.root.exists()
