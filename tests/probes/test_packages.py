"""Package databases of all managers, made small, and owners of files in them."""

from __future__ import annotations

import builtins
import contextlib
import sqlite3
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gosteward.host.rooted import RootedHost
from gosteward.probes import packages
from gosteward.probes.package_databases import apk, dpkg, pacman, rpm_header, rpm_stores, snaps
from gosteward.probes.package_databases.roles import role_of
from gosteward.snapshot import Package, Snap

# Made by rpm and db5.3_load: golang and golang-bin 1:1.21.3-2.el9, in pages of 512 bytes.
HASH_FILE = (Path(__file__).parent / "package_databases/rpm_hash.db").read_bytes()
RPMS = [("golang", "1:1.21.3-2.el9", "go"), ("golang-bin", "1:1.21.3-2.el9", "go")]

STATUS = """Package: golang-1.19-go
Status: install ok installed
Architecture: amd64
Version: 1.19.8-2
Description: Go
 Package: not-a-field

Package: golang-1.19-src
Status: install ok unpacked
Version: 1.19.8-2

Package: gccgo-12
Status: deinstall ok config-files
Version: 12.2.0-14

Package: gcc
Status: install ok triggers-pending
Version: 4:12.2.0-3

Package: coreutils
Status: install ok installed
Version: 9.1-1

Package: base-files
Status: install ok installed
"""
APK = "C:x\nP:go\nV:1.22.5-r0\nF:usr/lib/go/bin\nR:go\na:0:0:755\nF:usr/bin\n\nP:musl-dev\nV:1.2.5-r0\nf:f\n\nP:busybox\nV:1\nF:bin\nR:busybox\n"


def written(top: Path, files: dict[str, str | bytes]) -> packages.Packages:
    for name, content in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return packages.collect(RootedHost(str(top)))


@pytest.mark.parametrize(
    ("role", "names"),
    [
        ("go", "golang golang-go golang-1.19-go golang-bin go go1.21 go-1.22 golang-1.22 msft-golang golang-any"),
        ("go-src", "golang-src golang-1.19-src"),
        ("gccgo", "gccgo gccgo-12 gccgo-go gcc-go gcc-go-12 gcc13-go"),
        ("c-compiler", "gcc gcc-12 gcc13 clang clang-16 build-essential build-base base-devel"),
        ("libc-headers", "libc6-dev libc-dev glibc-devel glibc-headers glibc-headers-x86 musl-dev"),
        ("pkg-config", "pkg-config pkgconf pkgconf-pkg-config pkgconf-bin pkgconfig"),
        ("other", "git ca-certificates"),
        ("", "golang-github-x-dev golang-1.19-doc gcc-12-base gcc-aarch64-linux-gnu gccgo-12-aarch64-linux-gnu google go-md2man goaccess"),
    ],
)  # fmt: skip
def test_roles_follow_the_names_of_the_distributions(role: str, names: str) -> None:
    assert {name: role_of(name) for name in names.split()} == dict.fromkeys(names.split(), role)


def test_dpkg_states_and_owners(tmp_path: Path) -> None:
    info = "var/lib/dpkg/info"
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "bin").symlink_to("usr/bin")
    found = written(
        tmp_path,
        {
            "var/lib/dpkg/status": STATUS,
            f"{info}/golang-1.19-go.list": "/.\n/usr\n/usr/lib/go-1.19/bin/go\n",
            f"{info}/coreutils:amd64.list": "/.\n/bin/cat\n/usr/bin/env",
            f"{info}/gcc.list": "/usr/bin/gcc\n",
            f"{info}/base-files.list": "/usr/bin/gcc.real\n",
            "var/lib/dpkg/diversions": "/usr/bin/gcc\n/usr/bin/gcc.moved\nbase-files\n",
        },
    )
    assert found.packages == (
        Package("dpkg", "golang-1.19-go", "1.19.8-2", "go", "installed"),
        Package("dpkg", "golang-1.19-src", "1.19.8-2", "go-src", "half-installed"),
        Package("dpkg", "gccgo-12", "12.2.0-14", "gccgo", "removed"),
        Package("dpkg", "gcc", "4:12.2.0-3", "c-compiler", "installed"),
    )
    owners = {
        "/usr/lib/go-1.19/bin/go": "golang-1.19-go 1.19.8-2",
        "/bin/cat": "coreutils 9.1-1",
        "/usr/bin/cat": "coreutils 9.1-1",  # the list still says /bin
        "/usr/bin/env": "coreutils 9.1-1",
        "/usr/bin/gcc.moved": "gcc 4:12.2.0-3",
        "/usr/bin/gcc": "",  # diverted away, and who diverted has no such file
        "/usr/local/go/bin/go": "",
        "/usr/bin/go": "",
        "relative": "",
    }
    assert {path: found.owner_of(path) for path in owners} == owners


def test_image_without_a_package_manager_keeps_its_packages(tmp_path: Path) -> None:
    found = written(
        tmp_path,
        {
            "var/lib/dpkg/status.d/libc6": "Package: libc6\nVersion: 2.36-9\n",
            "var/lib/dpkg/status.d/golang": "Package: golang\nVersion: 1.22",
            "var/lib/dpkg/status.d/golang.md5sums": "00  usr/lib/go/bin/go\n",
        },
    )
    assert found.packages == (Package("dpkg", "golang", "1.22", "go"),)
    assert found.owner_of("/usr/lib/go/bin/go") == "golang 1.22"


def test_apk(tmp_path: Path) -> None:
    found = written(tmp_path, {"lib/apk/db/installed": APK})
    assert found.packages == (
        Package("apk", "go", "1.22.5-r0", "go"),
        Package("apk", "musl-dev", "1.2.5-r0", "libc-headers", "half-installed"),
    )
    assert found.owner_of("/usr/lib/go/bin/go") == "go 1.22.5-r0"
    assert found.owner_of("/bin/busybox") == "busybox 1"
    assert found.owner_of("/usr/bin/go") == ""


def test_pacman(tmp_path: Path) -> None:
    local = "var/lib/pacman/local"
    found = written(
        tmp_path,
        {
            f"{local}/ALPM_DB_VERSION": "9\n",
            f"{local}/go-2:1.26.1-1/desc": "%NAME%\ngo\n",
            f"{local}/go-2:1.26.1-1/files": "%FILES%\nusr/\nusr/lib/go/bin/go\n",
            f"{local}/glibc-2.39-1/desc": "",
            f"{local}/bash-5.2-1/files": "%FILES%\nusr/bin/bash\n",
        },
    )
    assert found.packages == (
        Package("pacman", "glibc", "2.39-1", "libc-headers"),
        Package("pacman", "go", "2:1.26.1-1", "go"),
    )
    assert found.owner_of("/usr/lib/go/bin/go") == "go 2:1.26.1-1"
    assert found.owner_of("/usr/bin/bash") == "bash 5.2-1"


def headers() -> list[bytes]:
    return list(rpm_stores.hash_headers(lambda offset, size: HASH_FILE[offset : offset + size]))


def ndb_file() -> bytes:
    slots = data = b""
    for number, blob in enumerate(headers(), 1):
        body = struct.pack("<4sIII", b"BlbS", number, 1, len(blob)) + blob
        body += bytes(-len(body) % 16) + bytes(16)
        slots += struct.pack("<4sIII", b"Slot", number, (4096 + len(data)) // 16, len(body) // 16)
        data += body
    return (struct.pack("<4sIIII", b"RpmP", 0, 1, 1, 3).ljust(32, b"\0") + slots).ljust(4096, b"\0") + data


def sqlite_file(path: Path) -> bytes:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)")
    for table in ("Name", "Basenames"):
        database.execute(f"CREATE TABLE '{table}' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)")
    for number, blob in enumerate(headers(), 1):
        header = rpm_header.parse(blob)
        database.execute("INSERT INTO Packages VALUES (?, ?)", (number, blob))
        database.execute("INSERT INTO Name VALUES (?, ?, 0)", (header.name, number))
        for index, name in enumerate(("VERSION", "hello") if number == 1 else ("go",)):
            database.execute("INSERT INTO Basenames VALUES (?, ?, ?)", (name, number, index))
    database.execute("INSERT INTO Name VALUES ('bash', 99, 0)")
    database.commit()
    database.close()
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["hash", "ndb", "sqlite"])
def test_rpm_in_each_of_its_databases(tmp_path: Path, kind: str) -> None:
    name = {"hash": "Packages", "ndb": "Packages.db", "sqlite": "rpmdb.sqlite"}[kind]
    content = {"hash": lambda: HASH_FILE, "ndb": ndb_file, "sqlite": lambda: sqlite_file(tmp_path / "made")}[kind]()
    top = tmp_path / "root"
    (top / "usr/bin").mkdir(parents=True)
    (top / "bin").symlink_to("usr/bin")
    found = written(top, {f"var/lib/rpm/{name}": content})
    assert sorted(found.packages) == [Package("rpm", *package) for package in RPMS]
    assert found.owner_of("/usr/lib/golang/bin/go") == "golang-bin 1:1.21.3-2.el9"
    assert found.owner_of("/usr/bin/hello") == found.owner_of("/bin/hello") == "golang 1:1.21.3-2.el9"
    assert found.owner_of("/usr/lib/golang/go") == ""
    assert found.gaps == ()
    assert (top / f"var/lib/rpm/{name}").read_bytes() == content
    assert [path.name for path in (top / "var/lib/rpm").iterdir()] == [name]


ENDLESS = (
    "WITH RECURSIVE n(key) AS (SELECT 1 UNION ALL SELECT key + 1 FROM n) SELECT key, key AS hnum FROM n WHERE key < 0"
)


def hostile_sqlite(path: Path) -> bytes:
    database = sqlite3.connect(path)
    database.execute(f"CREATE VIEW Name AS {ENDLESS}")
    database.commit()
    database.close()
    return path.read_bytes()


@pytest.mark.parametrize("name", ["Packages", "Packages.db", "rpmdb.sqlite", "endless.sqlite", "cut.sqlite"])
def test_damaged_rpm_database_is_a_gap(tmp_path: Path, name: str) -> None:
    content = b"SQLite format 3\0 or something else" * 40
    if name == "endless.sqlite":
        content = hostile_sqlite(tmp_path / "made")
    elif name == "cut.sqlite":
        content = sqlite_file(tmp_path / "made")[:5000]
    file = "rpmdb.sqlite" if name.endswith(".sqlite") else name
    found = written(tmp_path / "root", {f"var/lib/rpm/{file}": content})
    assert found.packages == ()
    assert [gap.field for gap in found.gaps] == ["packages"]
    assert f"/var/lib/rpm/{file}" in found.gaps[0].reason
    assert found.owner_of("/usr/bin/go") == ""


def test_python_without_sqlite_leaves_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = sqlite_file(tmp_path / "made")
    usual = builtins.__import__

    def missing(name: str, *arguments: object) -> object:
        if name == "sqlite3":
            raise ImportError("No module named '_sqlite3'")
        return usual(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", missing)
    found = written(tmp_path / "root", {"var/lib/rpm/rpmdb.sqlite": content})
    assert [gap.field for gap in found.gaps] == ["packages"]


def test_snaps_mounted_and_not(tmp_path: Path) -> None:
    (tmp_path / "snap/go").mkdir(parents=True)
    (tmp_path / "snap/go/current").symlink_to("10489")
    yaml = "name: go\nversion: '1.22.5'\nsummary: |\n  version: 9\nconfinement: classic # x\napps:\n  go:\n    command: bin/go\n"
    found = written(tmp_path, {"snap/go/10489/meta/snap.yaml": yaml, "var/lib/snapd/snaps/core22_1.snap": ""})
    assert found.snaps == (Snap("core22"), Snap("go", "1.22.5", "classic", "/snap/go/current"))


BLOB = headers()[0]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_bytes_break_no_parser(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([HASH_FILE, ndb_file(), BLOB])))
    for _ in range(data.draw(st.integers(0, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    header = rpm_header.parse(bytes(content))
    if header is not None:
        assert (header.name, header.version, header.owns("/usr/bin/hello")) is not None
    for store in (rpm_stores.hash_headers, rpm_stores.ndb_headers):
        with contextlib.suppress(rpm_stores.StoreError):
            for blob in store(lambda offset, size: bytes(content[offset : offset + size])):
                rpm_header.parse(blob)


@given(st.text(alphabet="PVFR:f\n x-1.\ud800|'#", max_size=120), st.binary(max_size=120))
def test_names_and_versions_stand_in_the_text(text: str, data: bytes) -> None:
    lines = text.split("\n")
    for installed in apk.parse(text):
        assert f"P:{installed.name}" in installed.lines
        assert set(installed.lines) <= set(lines)
    stanza = dpkg.parse(data + b"\nStatus: \nVersion:")
    assert stanza.name.encode("utf-8", "surrogateescape") in data
    assert stanza.state in ("installed", "half-installed", "removed")
    assert [line for diversion in dpkg.diversions(lines) for line in diversion] == lines[: len(lines) // 3 * 3]
    assert "-".join(filter(None, pacman.split_name(text))) == text
    assert all(any(line.startswith(f"{name}:") for line in lines) for name in snaps.parse(lines))


@given(
    st.sampled_from("go golang gcc git musl-dev pkgconf golang-src gccgo-12".split()),
    st.sampled_from(("-doc", "-dbg", "x")),
)
def test_what_belongs_to_a_package_has_not_its_role(name: str, more: str) -> None:
    assert role_of(name)
    assert role_of(f"{name}{more}") == role_of(f"{more}{name}") == ""


def test_records_that_overlap_end_the_reading(tmp_path: Path) -> None:
    content = bytearray(ndb_file())
    for at in range(32, 4096, 16):  # every slot leads to the same package
        content[at : at + 16] = struct.pack("<4sIII", b"Slot", at, 256, 1)
    content += bytes(1 << 16)
    struct.pack_into("<I", content, 4096 + 12, 1 << 16)
    found = written(tmp_path, {"var/lib/rpm/Packages.db": bytes(content)})
    assert [gap.reason.rpartition(": ")[2] for gap in found.gaps] == ["its records overlap"]
