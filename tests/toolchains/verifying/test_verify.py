"""A spoiled tree is named as such, file by file; a good one is never blamed; and nothing that a tree holds can harm who looks at it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from gosteward.golang.installed_trees import listing_of, listing_place, record_of
from gosteward.golang.tree_comparison import Difference
from gosteward.host import tree_hashing
from gosteward.host.local import LocalHost
from gosteward.snapshot import Binary, Context, PathEntry, Snapshot, User
from gosteward.sumdb import keys
from gosteward.toolchains import verify
from gosteward.toolchains.installed import goroots, store, tree_reading
from gosteward.toolchains.origins import settings
from gosteward.toolchains.origins.web import Web
from gosteward.toolchains.proving.proofs import Proof
from gosteward.toolchains.proving.transparency import Log as Database
from gosteward.toolchains.verifying import authenticity, manifests, trials, views
from gosteward.toolchains.verifying.checks import Check, Verified
from sumdb.log_server import NAME, Log, serving
from toolchains import goroot_copies
from toolchains.goroot_copies import GOROOT, MODULE, MODULE_VERSION, PLATFORM, TOOLS, VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROOF = Path(__file__).parents[2] / f"sumdb/data/golang.org-toolchain@{MODULE_VERSION}.tlog-proof"
ME = User(uid=os.geteuid(), gid=os.getegid())
WANTED = ("files", "go.env")


class Case(NamedTuple):
    """A tree, a log that names what it was, and the place of a module cache that holds its zip if `zipped` was called."""

    tree: Path
    log: Log
    url: str
    place: Path

    def judge(self, *, offline: bool = False) -> Verified:
        environ = {"GOPROXY": self.url, "GOMODCACHE": f"{self.place}/mod", "HOME": str(self.place)}
        host = LocalHost(environ)
        web = Web(host, ME, offline=offline)
        state, cache, key = f"{self.place}/state", f"{self.place}/cache", keys.parse(self.log.signer.vkey)
        database = Database(web, (f"{self.url}/sumdb/{NAME}",), state, cache, key)
        goroot = goroots.goroot_at(host, str(self.tree))
        _, checks = authenticity.judged(goroot, authenticity.Asking(host, ME, web, database))
        return Verified(goroot.version, goroot.path, goroot.platform, checks)

    def zipped(self) -> None:
        goroot_copies.zip_it(self.tree, self.place / f"mod/cache/download/{MODULE}/@v/{MODULE_VERSION}.zip")

    def installed(self) -> None:
        """As `install` leaves it: with its record, the proof in it, and the list of its files."""
        web = Web(LocalHost({}), ME)
        database = Database(
            web, (f"{self.url}/sumdb/{NAME}",), f"{self.place}/s", f"{self.place}/c", keys.parse(self.log.signer.vkey)
        )
        found = database.logged(MODULE, MODULE_VERSION)
        proof = Proof("log", found.zip_h1, "test", found.proof)
        text = store.record(
            version=VERSION, platform=PLATFORM, source="", archive="", sha256="", size=0, proofs=(proof,), reason="", at=""
        )  # fmt: skip
        Path(record_of(str(self.tree))).parent.mkdir(exist_ok=True)
        Path(record_of(str(self.tree))).write_text(text)
        self.list_files()

    def list_files(self) -> None:
        descriptor = os.open(self.tree, os.O_RDONLY)
        entries = tree_hashing.hash_tree(descriptor).entries
        os.close(descriptor)
        Path(listing_place(str(self.tree))).write_bytes(listing_of(entries))


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    tree, log = goroot_copies.copy_of_parts(tmp_path / "root"), Log(3)
    goroot_copies.log_it(log, tree)
    with serving(log) as url:
        yield Case(tree, log, url, tmp_path)


def statuses(found: Verified) -> dict[str, str]:
    return {check.name: check.status for check in found.checks}


def wrong(found: Verified, name: str = "files") -> tuple[tuple[str, str], ...]:
    check = found.check(name)
    assert check is not None
    assert check.status == "failed"
    return tuple((difference.name, difference.what) for difference in check.files)


def put(path: Path, text: str = "// other\n", mode: int = 0o644) -> None:
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def changed_file(tree: Path) -> None:
    put(tree / "src/fmt/print.go")


def added_file(tree: Path) -> None:
    put(tree / "src/fmt/evil.go", "package fmt\n")


def removed_file(tree: Path) -> None:
    (tree / "src/fmt/scan.go").unlink()


def foreign_archive(tree: Path) -> None:
    put(tree / "pkg/linux_amd64/fmt.a")


def program_beside_go(tree: Path) -> None:
    put(tree / "bin/gcc", "#!/bin/sh\n", 0o755)


def link_instead_of_file(tree: Path) -> None:
    (tree / "src/fmt/print.go").rename(tree.parent / "print.go")
    (tree / "src/fmt/print.go").symlink_to(tree.parent / "print.go")


def link_instead_of_directory(tree: Path) -> None:
    (tree / "src/fmt").rename(tree.parent / "fmt")
    (tree / "src/fmt").symlink_to(tree.parent / "fmt")


def files_of_another_release(tree: Path) -> None:
    put(tree / "VERSION", "go1.26.7\ntime 2026-08-01T00:00:00Z\n")
    put(tree / "src/fmt/old.go", "package fmt\n")


FAULTS: list[tuple[Callable[[Path], None], tuple[tuple[str, str], ...]]] = [
    (changed_file, (("src/fmt/print.go", "changed"),)),
    (added_file, (("src/fmt/evil.go", "extra"),)),
    (removed_file, (("src/fmt/scan.go", "missing"),)),
    (foreign_archive, (("pkg/linux_amd64/fmt.a", "extra"),)),
    (program_beside_go, (("bin/gcc", "extra"),)),
    (link_instead_of_file, (("src/fmt/print.go", "link"),)),
    (link_instead_of_directory, (("src/fmt", "link"),)),
    (files_of_another_release, (("VERSION", "changed"), ("src/fmt/old.go", "extra"))),
]


@pytest.mark.parametrize(("spoil", "names"), FAULTS, ids=[spoil.__name__ for spoil, _ in FAULTS])
def test_each_bad_file_is_named_offline_by_the_kept_list(
    case: Case, spoil: Callable[[Path], None], names: tuple[tuple[str, str], ...]
) -> None:
    case.installed()
    spoil(case.tree)
    case.log.asked.clear()
    found = case.judge(offline=True)
    assert (wrong(found), found.exit_code, case.log.asked) == (names, 1, [])


@pytest.mark.parametrize("spoil", [changed_file, removed_file, foreign_archive])
def test_without_a_list_the_module_zip_names_the_bad_files(case: Case, spoil: Callable[[Path], None]) -> None:
    names = dict(FAULTS)[spoil]
    case.zipped()
    spoil(case.tree)
    assert wrong(case.judge()) == names


def test_the_zip_is_fetched_where_it_is_not_at_hand(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "cache_for", lambda _environ, _home: f"{case.place}/own")
    goroot_copies.zip_it(case.tree, case.place / "toolchain.zip")
    folder = f"/{MODULE}/@v/{MODULE_VERSION}"
    case.log.files[f"{folder}.info"] = json.dumps({"Version": MODULE_VERSION}).encode()
    case.log.files[f"{folder}.zip"] = (case.place / "toolchain.zip").read_bytes()
    changed_file(case.tree)
    assert wrong(case.judge()) == (("src/fmt/print.go", "changed"),)


def test_without_any_list_it_is_still_no_release(case: Case) -> None:
    changed_file(case.tree)
    foreign_archive(case.tree)
    found = case.judge()
    assert wrong(found) == (("pkg/linux_amd64/fmt.a", "extra"),)
    assert "is not known" in str(found.check("files"))


def test_a_good_tree_is_the_release_and_nothing_is_left_to_say(case: Case) -> None:
    case.installed()
    found = case.judge(offline=True)
    assert statuses(found) == {"log": "ok", "files": "ok", "modes": "ok", "others": "ok"}
    assert found.exit_code == 0
    shutil.rmtree(case.tree.parent / ".installed")
    assert statuses(case.judge()) == {"log": "ok", "files": "ok", "modes": "ok"}


@pytest.mark.parametrize(
    ("name", "mode", "what"),
    [
        ("bin/gofmt", 0o644, "not executable"),
        (f"{TOOLS}/asm", 0o744, "not executable"),
        ("src/make.bash", 0o644, "not executable"),
        ("lib/wasm/go_js_wasm_exec", 0o644, "not executable"),
        ("src/fmt/print.go", 0o666, "writable by anybody"),
        ("bin/gofmt", 0o4755, "set-user-ID or set-group-ID"),
    ],
)
def test_what_no_h1_shows_is_seen_in_the_modes(case: Case, name: str, mode: int, what: str) -> None:
    (case.tree / name).chmod(mode)
    found = case.judge()
    assert (wrong(found, "modes"), statuses(found)["files"]) == (((name, what),), "ok")


def test_closed_trees_of_a_group_have_good_modes(case: Case) -> None:
    for path in case.tree.rglob("*"):
        path.chmod(path.stat().st_mode & 0o770)
    assert case.judge().exit_code == 0


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        (("GOTOOLCHAIN=auto", "GOTOOLCHAIN=local"), ("GOTOOLCHAIN=local",)),
        (("# More\nGOTOOLCHAIN=auto", "# Ours\nGOTOOLCHAIN=local"), ("GOTOOLCHAIN=local",)),
        (("GOPROXY=", "GOPROXY=https://user:secret@proxy.corp.example,"), None),
    ],
)
def test_a_go_env_of_a_distribution_is_told_and_forgiven(
    case: Case, after: tuple[str, str], lines: tuple[str, ...] | None
) -> None:
    case.zipped()
    put(case.tree / "go.env", (case.tree / "go.env").read_text().replace(*after))
    found = case.judge()
    assert (statuses(found)["go.env"], statuses(found)["files"], found.exit_code) == ("note", "ok", 0)
    check = found.check("go.env")
    assert check is not None
    assert lines in (None, check.lines)
    assert "secret" not in str(check)


@pytest.mark.parametrize(
    "line", ["GOFLAGS=-toolexec=/tmp/x", "GOSUMDB=off", "GONOSUMDB=*", "GOINSECURE=*", "CC=/tmp/cc"]
)
def test_a_go_env_that_does_more_is_a_fault(case: Case, line: str) -> None:
    with (case.tree / "go.env").open("a") as file:
        file.write(f"{line}\n")
    found = case.judge()
    assert (statuses(found)["go.env"], statuses(found)["files"], found.exit_code) == ("failed", "ok", 1)
    assert line in found.check("go.env").lines  # type: ignore[union-attr]


def test_a_forged_list_is_not_believed(case: Case) -> None:
    case.installed()
    case.zipped()
    changed_file(case.tree)
    case.list_files()
    found = case.judge()
    assert wrong(found) == (("src/fmt/print.go", "changed"),)
    assert wrong(found, "others") == ()
    shutil.rmtree(case.place / "mod")
    without = case.judge(offline=True)
    assert (wrong(without), wrong(without, "others")) == ((), ())


def test_a_list_that_does_not_fit_a_good_tree_is_told(case: Case) -> None:
    case.installed()
    place = Path(listing_place(str(case.tree)))
    place.write_bytes(place.read_bytes().replace(b" ", b" ", 1)[:-1] + b"x\n")
    assert wrong(case.judge(offline=True), "others") == ()
    place.write_bytes(b"\x00no list")
    assert wrong(case.judge(offline=True), "others") == ()


def test_changes_outside_of_the_log_are_seen_by_the_list(case: Case) -> None:
    put(case.tree / "test/a.go")
    case.installed()
    put(case.tree / "test/a.go", "// worse\n")
    assert wrong(case.judge(), "others") == (("test/a.go", "changed"),)
    shutil.rmtree(case.tree.parent / ".installed")
    assert statuses(case.judge())["others"] == "note"


def test_a_forged_record_proves_nothing(case: Case) -> None:
    case.installed()
    changed_file(case.tree)
    place = Path(record_of(str(case.tree)))
    honest = json.loads(place.read_text())
    forger = Log(3)
    forger.signer = type(forger.signer)(seed=b"2")
    goroot_copies.log_it(forger, case.tree)
    with serving(forger) as url:
        database = Database(
            Web(LocalHost({}), ME), (f"{url}/sumdb/{NAME}",), f"{case.place}/f", f"{case.place}/g", keys.parse(forger.signer.vkey)
        )  # fmt: skip
        honest["proofs"][0]["text"] = database.logged(MODULE, MODULE_VERSION).proof
    place.write_text(json.dumps(honest))
    offline = case.judge(offline=True)
    assert (statuses(offline)["record"], statuses(offline)["log"], offline.exit_code) == ("failed", "not-judged", 1)
    online = case.judge()
    assert (statuses(online)["record"], statuses(online)["log"]) == ("failed", "ok")
    assert wrong(online) == (("src/fmt/print.go", "changed"),)


@pytest.mark.parametrize(
    "record", ["[]", '{"schema": "gosteward.installed/1", "proofs": 3, "version": []}', "[" * 50_000]
)
def test_a_record_that_is_none_is_no_record(case: Case, record: str) -> None:
    case.installed()
    Path(record_of(str(case.tree))).write_text(record)
    assert statuses(case.judge())["files"] == "ok"


def test_a_tampered_log_is_a_failure_and_a_silent_one_is_none(case: Case) -> None:
    case.log.tampered = lambda _, answer: answer._replace(body=answer.body.replace(b"h1:", b"h1:A"))
    assert statuses(case.judge()) == {"log": "failed", "modes": "ok"}
    case.log.tampered = lambda _, answer: answer._replace(status=404, body=b"")
    found = case.judge()
    assert (statuses(found), found.exit_code) == ({"log": "not-judged", "modes": "ok"}, 3)


@pytest.mark.parametrize(
    "version", ["devel go1.28-abcdef0123", "go1.20.14", "go1.26.8 (Red Hat 1.26.8-1.el9)", "", "\x1b[31m"]
)
def test_what_no_log_has_is_not_judged(case: Case, version: str) -> None:
    put(case.tree / "VERSION", f"{version}\n")
    found = case.judge()
    assert (statuses(found), found.exit_code) == ({"log": "not-judged"}, 3)


def test_trees_of_the_module_cache_are_judged_like_others(case: Case) -> None:
    tree = case.place / f"golang.org/toolchain@{MODULE_VERSION}"
    tree.parent.mkdir()
    case.tree.rename(tree)
    for file in goroot_copies.files_of(tree):
        if file.endswith("go.mod"):
            (tree / file).rename((tree / file).with_name("_go.mod"))
        (tree / (file if not file.endswith("go.mod") else f"{file[:-6]}_go.mod")).chmod(0o444)
    fresh = case._replace(tree=tree).judge()
    assert (statuses(fresh), fresh.exit_code) == ({"log": "ok", "files": "ok", "modes": "note"}, 0)
    for file in goroot_copies.files_of(tree):  # what go does when it first runs it
        if file.startswith(("bin/", "pkg/tool/")) or file.endswith("_exec"):
            (tree / file).chmod(0o555)
        if file.endswith("/_go.mod"):
            shutil.copyfile(tree / file, (tree / file).with_name("go.mod"))
    assert statuses(case._replace(tree=tree).judge()) == {"log": "ok", "files": "ok", "modes": "ok"}


def test_nothing_in_a_tree_makes_us_wait_or_leave_it(case: Case) -> None:
    case.installed()
    os.mkfifo(case.tree / "src/fmt/pipe")
    (case.tree / "src/out").symlink_to("/proc")
    put(case.tree / "src/\x1b]0;x\x07\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape"))
    put(case.tree / "src/two\nlines.go")
    with (case.tree / "src/huge.go").open("w") as file:
        file.truncate(1 << 40)
    deep = case.tree / "src"
    for _ in range(70):
        deep /= "d"
    deep.mkdir(parents=True)
    found = dict(wrong(case.judge(offline=True)))
    assert (found["src/fmt/pipe"], found["src/out"], found["src/huge.go"]) == ("special", "link", "too large")
    assert {"name", "too deep", "extra"} <= set(found.values())


def test_a_version_file_is_never_read_to_its_end(case: Case) -> None:
    with (case.tree / "VERSION").open("w") as file:
        file.truncate(1 << 40)
    assert statuses(case.judge()) == {"log": "not-judged"}
    put(case.tree / "VERSION")
    (case.tree / "VERSION").unlink()
    os.mkfifo(case.tree / "VERSION")
    assert statuses(case.judge()) == {"log": "not-judged"}


def test_a_tree_without_an_end_is_cut(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(100):
        (case.tree / f"src/empty/{number}").mkdir(parents=True)
    monkeypatch.setattr(tree_hashing, "MOST_FILES", 100)
    assert statuses(case.judge()) == {"files": "failed"}
    monkeypatch.setattr(tree_hashing, "MOST_FILES", 10)
    assert statuses(case.judge()) == {"files": "failed"}
    monkeypatch.undo()
    monkeypatch.setattr(tree_hashing, "MOST_BYTES", 10)
    assert statuses(case.judge()) == {"files": "failed"}


def test_a_tree_does_not_name_the_log_that_judges_it(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = case.log.signer.vkey
    monkeypatch.setattr(settings, "TREES", (str(case.tree),))
    put(case.tree / "go.env", f"GOSUMDB={own}\nGOPROXY={case.url}\n")
    me, web = ME._replace(home=str(tmp_path)), Web(LocalHost({}), ME)

    def believed(**environ: str) -> tuple[str, bool]:
        log = manifests.trusted_log(LocalHost({"HOME": str(tmp_path), **environ}), me, web)
        return log.key.name, log.bases[0].startswith(case.url)

    public = keys.parse(keys.PUBLIC_DATABASE).name
    assert believed() == (public, True)
    assert believed(GOSUMDB="off") == (public, True)
    assert believed(GOSUMDB=own) == (NAME, True)
    put(tmp_path / ".config/go/env", f"GOSUMDB={own}\n")
    assert believed() == (NAME, True)


def test_the_real_release_equals_the_real_log_without_a_network(tmp_path: Path) -> None:
    tree = tmp_path / VERSION
    tree.symlink_to(GOROOT)
    host = LocalHost({})
    text = PROOF.read_text()
    goroot = goroots.goroot_at(host, str(tree))._replace(record={"proofs": [{"kind": "log", "text": text}]})
    web = Web(host, ME, offline=True)
    asking = authenticity.Asking(host, ME, web, Database(web, (), f"{tmp_path}/s", f"{tmp_path}/c"))
    _, checks = authenticity.judged(goroot, asking)
    files = next(check for check in checks if check.name == "files")
    patched = any(check.name == "go.env" for check in checks)
    assert (files.status, files.total) == ("ok", 11518 - patched)


def runner() -> trials.Runner:
    return trials.Runner(ME, None, os.environ["PATH"])


def tried(tree: Path) -> dict[str, Check]:
    host = LocalHost({})
    before = {f for f in os.listdir("/tmp") if f.startswith(".gosteward-verify")}
    checks = trials.tried(goroots.goroot_at(host, str(tree)), runner(), host)
    assert {f for f in os.listdir("/tmp") if f.startswith(".gosteward-verify")} <= before
    return {check.name: check for check in checks}


def test_a_real_release_builds_programs_that_run() -> None:
    found = tried(GOROOT)
    assert [found[name].status for name in ("version", "std", "build")] == ["ok", "ok", "ok"]
    assert found["build-cgo"].status == ("ok" if _compiles_c() else "not-judged")


def _compiles_c() -> bool:
    """Whether there is a C compiler, and the headers of the C library, which Debian's gcc only recommends."""
    command = ["cc", "-E", "-xc", "-"]
    if shutil.which("cc") is None:
        return False
    ran = subprocess.run(command, input=b"#include <stdlib.h>\n", capture_output=True, check=False)
    return ran.returncode == 0


def test_a_go_that_lists_and_lies_fails_at_the_build(case: Case) -> None:
    script = "#!/bin/sh\ncase $1 in version) echo go version go1.26.8 linux/amd64;; list) echo fmt;; *) echo redeclared; exit 1;; esac\n"
    put(case.tree / "bin/go", script, 0o755)
    found = tried(case.tree)
    assert [found[name].status for name in ("version", "std", "build")] == ["ok", "ok", "failed"]
    assert "redeclared" in str(found["build"].text)


@pytest.mark.parametrize(
    ("script", "mode", "said"),
    [
        ("#!/bin/sh\necho go version go1.25.4 linux/amd64\n", 0o755, "go1.25.4"),
        ("#!/bin/sh\necho broken; exit 3\n", 0o755, "ends with 3: broken"),
        ("#!/bin/sh\n", 0o644, "cannot be started: Permission denied"),
        ("", 0o755, "cannot be started"),
        ("#!/nonexistent\n", 0o755, "cannot be started: No such file"),
        ("#!/bin/sh\nkill -9 $$\n", 0o755, "ends with -9"),
    ],
)
def test_a_go_that_is_not_the_one_of_version_ends_the_trial(case: Case, script: str, mode: int, said: str) -> None:
    put(case.tree / "bin/go", script, mode)
    found = tried(case.tree)
    assert (list(found), found["version"].status) == (["version"], "failed")
    assert said in str(found["version"].text)


def test_a_host_without_c_compiler_leaves_cgo_unjudged(case: Case) -> None:
    host = LocalHost({})
    put(case.tree / "bin/go", "#!/bin/sh\necho go version go1.26.8 linux/amd64\n", 0o755)
    checks = trials.tried(goroots.goroot_at(host, str(case.tree)), trials.Runner(ME, None, "/nonexistent"), host)
    assert {check.name: check.status for check in checks}["build-cgo"] == "not-judged"


def refusal(tree: Path, checks: tuple[Check, ...] = ()) -> str:
    goroot = goroots.goroot_at(LocalHost({}), str(tree))
    return str(verify._refusal(goroot, tree_reading.read(str(tree)), checks) or "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has trees that nobody else may change")
def test_root_runs_only_what_nobody_else_may_change(case: Case) -> None:
    assert refusal(case.tree) == ""
    (case.tree / "src/fmt").chmod(0o775)
    assert f"{case.tree}/src/fmt" in refusal(case.tree)
    (case.tree / "src/fmt").chmod(0o755)
    os.chown(case.tree / "src/fmt/print.go", 1000, 0)
    assert f"{case.tree}/src/fmt/print.go" in refusal(case.tree)
    os.chown(case.tree / "src/fmt/print.go", 0, 0)
    case.tree.parent.chmod(0o777)
    assert refusal(case.tree).endswith(str(case.tree.parent))
    case.tree.parent.chmod(0o755)
    outside = case.place / "outside"
    outside.mkdir(mode=0o755)
    (case.tree / "misc").symlink_to(outside)
    assert refusal(case.tree) == ""
    put(outside / "x.go", mode=0o666)
    assert f"{outside}/x.go" in refusal(case.tree)


def test_root_runs_nothing_that_is_not_the_release(case: Case) -> None:
    changed_file(case.tree)
    assert "not those of the release" in refusal(case.tree, case.judge().checks)


def context(name: str, go: Binary | None) -> Context:
    return Context(name, "login", search_path=(PathEntry("/empty"), PathEntry("/bin", go=go)))


def test_contexts_that_find_another_go_are_named() -> None:
    ours = Binary("/usr/local/bin/go", goroot="/opt/go/go1.26.8", version="go1.26.8")
    wrapper = Binary("/opt/w/go", kind="script", starts="/opt/go/go1.26.8/bin/go:3")
    other = Binary("/usr/bin/go", goroot="/usr/lib/go", version="go1.19.8")
    closed = other._replace(executable=False)
    contexts = (context("bash-login", ours), context("cron", other), context("sudo", None), context("su", closed))
    snapshot = Snapshot(user=User(name="alice"), contexts=(*contexts, context("wrapped", wrapper)))
    check = views.seen_by(snapshot, "/opt/go/go1.26.8")
    assert str(check.text) == "found by 2 of 5 contexts of alice: bash-login, wrapped; without any go: sudo, su"
    assert (check.status, check.lines) == ("note", ("cron: /usr/bin/go go1.19.8",))
    assert views.in_use(snapshot) == "/opt/go/go1.26.8"
    assert views.seen_by(snapshot, "/x").status == "note"
    assert views.in_use(Snapshot()) == ""


def test_a_failure_counts_more_than_what_could_not_be_judged() -> None:
    from gosteward.finding import Text

    def code(*found: str) -> int:
        return Verified("", "", "", tuple(Check(status, status, Text("")) for status in found)).exit_code

    assert (code("ok", "note"), code("ok", "not-judged"), code("failed", "not-judged")) == (0, 3, 1)
    assert Difference("a", "extra") in Check("x", "failed", Text("")).naming((Difference("a", "extra"),)).files


def test_what_a_distribution_built_is_not_blamed(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(goroots, "owner_of", lambda _host, _goroot: "golang-1.26-go 1.26.8-1")
    changed_file(case.tree)
    (case.tree / "src/make.bash").chmod(0o644)
    found = case.judge()
    assert (statuses(found), found.exit_code) == ({"log": "ok", "files": "not-judged"}, 3)
    assert "golang-1.26-go" in str(found.check("files"))
    put(case.tree / "VERSION", "go1.20.1\n")
    assert statuses(case.judge()) == {"log": "not-judged"}


def test_a_user_who_may_not_read_all_of_it_blames_nobody(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.installed()
    opened = os.open

    def closed(path: str, *more: int, dir_fd: int | None = None) -> int:
        if path == "print.go":
            raise PermissionError(13, "Permission denied")
        return opened(path, *more, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", closed)  # root may read everything
    found = case.judge(offline=True)
    assert (statuses(found)["files"], found.check("files").files) == (  # type: ignore[union-attr]
        "not-judged",
        (Difference("src/fmt/print.go", "unreadable"),),
    )
