"""What a Go distribution consists of: cmd/distpack's rules."""

from __future__ import annotations

import io
import zipfile
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.golang import dirhash, distribution
from gosteward.golang.distribution import Entry, VersionFile, form_of, installed_name, mode_of, module_name

PLATFORM = "linux-amd64"


@pytest.mark.parametrize(
    "name",
    [
        "bin/go",
        "pkg/tool/linux_amd64/compile",
        "src/make.bash",
        "src/cmd/go/testdata/script/x.sh",
        "src/syscall/mksyscall.pl",
        "src/make.rc",
        "lib/wasm/go_js_wasm_exec",
        "go_ios_arm64_exec",
    ],
)
def test_programs_and_scripts_can_be_run(name: str) -> None:
    assert mode_of(name) == 0o755


@pytest.mark.parametrize(
    "name",
    [
        "VERSION",
        "src/bin/go",
        "lib/wasm/go_js_exec",
        "lib/go_js_wasm_exec/README",
        "lib/wasm/wasm_exec.js",
        "lib/xgo_a_b_exec",
        "lib/go___exec",
    ],
)
def test_nothing_else_can_be_run(name: str) -> None:
    assert mode_of(name) == 0o644


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("VERSION", "in"),
        ("go.env", "in"),
        ("src/fmt/print.go", "in"),
        ("bin/gofmt", "in"),
        ("pkg/include/textflag.h", "in"),
        ("pkg/tool/linux_amd64/vet", "in"),
        ("pkg/tool/linux_arm64/vet", "extra"),
        ("pkg/tool/linux_amd64/pprof", "extra"),
        ("pkg/linux_amd64/fmt.a", "extra"),
        ("bin/gopls", "extra"),
        ("bin/linux_arm64/go", "extra"),
        ("src/cmd/dist/dist", "extra"),
        ("src/x/.DS_Store", "extra"),
        (".git/config", "extra"),
        ("VERSION.cache", "extra"),
        ("misc/cgo/x/_obj/y", "extra"),
        ("api/go1.txt", "tarball-only"),
        ("test/x.go", "tarball-only"),
        ("testing/x.go", "in"),
    ],
)
def test_form_of_a_file_is_that_of_the_packer(name: str, form: str) -> None:
    assert form_of(name, "go1.26.8", PLATFORM) == form


@pytest.mark.parametrize(
    ("tool", "version", "form"),
    [
        ("pprof", "go1.21.13", "in"),
        ("preprofile", "go1.24.13", "in"),
        ("dist", "go1.24.13", "extra"),
        ("pprof", "go1.25.14", "extra"),
        ("fix", "go1.25.14", "extra"),
        ("fix", "go1.26.8", "in"),
    ],
)
def test_tools_are_those_of_the_release(tool: str, version: str, form: str) -> None:
    assert form_of(f"pkg/tool/linux_amd64/{tool}", version, PLATFORM) == form


@given(st.text(st.sampled_from("go.md_/x")))
def test_name_in_the_module_form_has_an_inverse(name: str) -> None:
    assert not module_name(name).endswith("/go.mod")
    if not (name.endswith("/_go.mod") or name == "_go.mod"):
        assert installed_name(module_name(name)) == name


def test_h1_of_a_tree_is_that_of_its_module_zip() -> None:
    tree = {
        "VERSION": b"go1.26.8\n",
        "src/go.mod": b"module std\n",
        "bin/go": b"\x7fELF",
        "api/go1.txt": b"pkg fmt",
        "bin/x": b"",
    }
    content = io.BytesIO()
    prefix = distribution.module_prefix("go1.26.8", PLATFORM)
    with zipfile.ZipFile(content, "w") as archive:
        for name in ("VERSION", "src/go.mod", "bin/go"):
            archive.writestr(prefix + name.replace("go.mod", "_go.mod"), tree[name])
    entries = [Entry(name, mode_of(name), sha256(data).hexdigest()) for name, data in tree.items()]
    known = distribution.module_form(entries, "go1.26.8", PLATFORM)
    assert distribution.module_h1(known, "go1.26.8", PLATFORM) == dirhash.of_zip(content.getvalue())


def test_module_zip_made_later_has_all_that_was_compiled() -> None:
    form = distribution.form_of
    later = (
        "pkg/linux_amd64/fmt.a",
        "pkg/linux_amd64_race/fmt.a",
        "pkg/tool/linux_amd64/dist",
        "pkg/include/textflag.h",
        "bin/godoc",
    )
    assert {form(name, "go1.20.14", "linux-amd64") for name in later} == {"in"}
    assert form("pkg/linux_amd64/fmt.a", "go1.21.0", "linux-amd64") == "extra"
    assert form("pkg/linux_arm64/fmt.a", "go1.20.14", "linux-arm") == "extra"
    assert form("pkg/obj/go-build/a", "go1.20.14", "linux-amd64") == "extra"
    assert form("bin/mine", "go1.20.14", "linux-amd64") == "extra"


def test_release_is_found_in_a_member_name() -> None:
    prefix = distribution.module_prefix("go1.27rc1", "linux-arm64")
    assert distribution.release_of(prefix + "VERSION") == ("go1.27rc1", "linux-arm64")
    assert distribution.release_of("example.com/m@v1.0.0/go.mod") is None


def test_version_file_states_version_and_time() -> None:
    parsed = distribution.parse_version_file
    assert parsed(b"go1.26.8\ntime 2026-08-28T16:20:06Z\n") == VersionFile("go1.26.8", 1787934006)
    assert parsed(b"go1.20.7") == VersionFile("go1.20.7", None)
    assert parsed(b"go1.26.8\ntime 2026-02-30T16:20:06Z\n") == VersionFile("go1.26.8", None)
    assert parsed(b"devel +abc") is parsed(b"<html>") is parsed("go1.26.8 \u00e9".encode()) is None
    assert parsed(b"go1.26.8\n" + b"\n" * distribution.VERSION_LIMIT) is None


@given(st.binary(max_size=80) | st.text().map(lambda t: b"go1.26\ntime " + t.encode()))
def test_any_version_file_is_read(content: bytes) -> None:
    distribution.parse_version_file(content)


@pytest.mark.parametrize(
    ("version", "known"), [("go1.21rc2", True), ("go1.26.8", True), ("go1.20.14", False), ("x", False)]
)
def test_module_form_is_known_since_the_packer(version: str, known: bool) -> None:
    assert distribution.has_module_form(version) is known
