"""Modules and workspaces as a session of the user meets them."""

from __future__ import annotations

import io
import os
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gosteward.golang import dirhash
from gosteward.host.rooted import RootedHost
from gosteward.probes import workspaces
from gosteward.snapshot import (
    Context,
    EnvironmentVariable,
    GoTree,
    GoWork,
    Location,
    Setting,
    User,
    Vendor,
    Workspace,
)
from growth import grows_linearly

if TYPE_CHECKING:
    from pathlib import Path

DEV = User(name="dev", uid=1000, gid=1000, home="/home/dev")
LINE = Location("/home/dev/.profile", 29, "export X=...")
APP = "home/dev/src/app"
GO_MOD = "module example.com/app\n\ngo 1.21\n\nrequire example.com/greet v1.0.0\n"


class OwnedHost(RootedHost):
    """Everything belongs to `uid`."""

    uid = 1000

    def stat(self, path: str) -> os.stat_result | None:
        return self._owned(super().stat(path))

    def lstat(self, path: str) -> os.stat_result | None:
        return self._owned(super().lstat(path))

    def _owned(self, status: os.stat_result | None) -> os.stat_result | None:
        if status is None:
            return None
        values = list(status)
        values[4] = values[5] = self.uid
        return os.stat_result(values)


def packed(name: str, text: str, **more: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for file, written in {"go.mod": text, **more}.items():
            archive.writestr(f"{name}/{file}", written)
    return content.getvalue()


GREET = packed("example.com/greet@v1.0.0", "module example.com/greet\n")
OTHER = packed("example.com/greet@v1.0.0", "module example.com/greet // changed\n")
CACHE = "home/dev/go/pkg/mod/cache/download/example.com/greet/@v/v1.0.0"


def host_with(top: Path, files: dict[str, str | bytes]) -> OwnedHost:
    (top / "home/dev").mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return OwnedHost(str(top))


def found(host: RootedHost, *given: Setting, project: str = "", trees: tuple[GoTree, ...] = (), jobs: tuple[Context, ...] = (), **variables: str) -> tuple[Workspace, ...]:  # fmt: skip
    values = {"HOME": "/home/dev", **variables}
    login = Context(
        "bash-login", "login", variables=tuple(EnvironmentVariable(n, v, (LINE,)) for n, v in values.items())
    )
    modules, gaps = workspaces.collect(host, DEV, project, (login, *jobs), given, trees)
    assert gaps == ()
    return modules


def environment(name: str, value: str) -> Setting:
    return Setting(name, value, "environment", LINE, ("bash-login",))


def test_module_in_the_home_is_read_with_its_lines(tmp_path: Path) -> None:
    (module,) = found(host_with(tmp_path, {f"{APP}/go.mod": GO_MOD, f"{APP}/go.sum": "x\n"}))
    assert (module.root, module.module, module.go, module.current) == (
        "/home/dev/src/app",
        "example.com/app",
        "1.21",
        False,
    )
    assert module.go_location == Location("/home/dev/src/app/go.mod", 3, "go 1.21")
    assert module.requirements[0].location == Location(
        "/home/dev/src/app/go.mod", 5, "require example.com/greet v1.0.0"
    )
    assert (module.uid, module.writable, module.go_sum) == (1000, True, "/home/dev/src/app/go.sum")
    assert (module.errors, module.work, module.vendor, module.vcs) == ((), None, None, "")


def test_only_roots_that_are_somebodys_projects_are_found(tmp_path: Path) -> None:
    names = ("a/b/c", "a/b/c/d", "node_modules/x", ".cache/x", "vendor/x", "go/pkg/mod/x", "go/src/x", "sdk/go1.21/src")
    host = host_with(tmp_path, {f"home/dev/{name}/go.mod": "module x\n" for name in names})
    trees = (GoTree("/home/dev/sdk/go1.21", real_path="/home/dev/sdk/go1.21"),)
    modules = found(host, trees=trees)
    assert [(m.root, m.in_gopath_src) for m in modules] == [("/home/dev/a/b/c", False), ("/home/dev/go/src/x", True)]


def test_project_is_looked_for_upwards_and_comes_first_then_jobs(tmp_path: Path) -> None:
    host = host_with(
        tmp_path,
        {"srv/app/go.mod": GO_MOD, "srv/app/deep/er/x": "", "srv/job/go.mod": "module job\n", f"{APP}/go.mod": GO_MOD},
    )
    job = Context("cron:/x:1", "cron", uses_go=True, directory="/srv/job", run_as="dev")
    modules = found(host, project="/srv/app/deep/er", jobs=(job,))
    assert [(m.root, m.current) for m in modules] == [
        ("/srv/app", True),
        ("/srv/job", False),
        ("/home/dev/src/app", False),
    ]
    assert found(host, project="/etc")[0].root == "/home/dev/src/app"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("module m\n<<<<<<< HEAD\ngo 1.21\n", [2]),
        ("", [0]),
        ("go 1.21\n", [0]),
        ("module m\ngo 1.x\nrequire a\n", [2, 3]),
    ],
)
def test_lines_that_no_go_parses(text: str, lines: list[int], tmp_path: Path) -> None:
    (module,) = found(host_with(tmp_path, {f"{APP}/go.mod": text}))
    assert [location.line for location in module.errors] == lines


def test_forgotten_go_work_of_the_home_is_in_force(tmp_path: Path) -> None:
    files = {
        "home/dev/go.work": "go 1.21\n\nuse ./src/x\nuse ./gone\n",
        "home/dev/src/x/go.mod": "module x\n",
        "home/dev/src/y/go.mod": "module y\n",
    }
    home, listed, outside = found(host_with(tmp_path, files))
    assert (home.root, home.go_mod) == ("/home/dev", "")
    assert home.work is not None
    assert home.work.lists_module  # there is no module that it could leave out
    assert listed.work is not None
    assert listed.work.lists_module
    assert outside.work == GoWork(
        path="/home/dev/go.work",
        go="1.21",
        go_location=Location("/home/dev/go.work", 1, "go 1.21"),
        uses=("/home/dev/src/x", "/home/dev/gone"),
        missing_uses=(Location("/home/dev/go.work", 4, "use ./gone"),),
        lists_module=False,
        use_location=Location("/home/dev/go.work", 3, "use ./src/x"),
    )


def test_gowork_decides_before_the_directories_above(tmp_path: Path) -> None:
    host = host_with(tmp_path, {"home/dev/src/go.work": "go 1.21\nuse ./app\n", f"{APP}/go.mod": GO_MOD})
    off = next(m for m in found(host, environment("GOWORK", "off")) if m.go_mod)
    assert off.work is None
    gone = next(m for m in found(host, environment("GOWORK", "/srv/go.work")) if m.go_mod)
    assert gone.work is not None
    assert (gone.work.path, gone.work.exists, gone.work.setting) == ("/srv/go.work", False, LINE)


def test_vendor_directory_that_lags_behind(tmp_path: Path) -> None:
    listing = "# example.com/greet v0.9.0\n## explicit\nexample.com/greet\n"
    files = {f"{APP}/go.mod": GO_MOD, f"{APP}/vendor/modules.txt": listing}
    (module,) = found(host_with(tmp_path, files))
    assert module.vendor == Vendor("/home/dev/src/app/vendor", differences=(("example.com/greet", "v1.0.0", "v0.9.0"),))
    old = host_with(tmp_path, {f"{APP}/go.mod": GO_MOD.replace("1.21", "1.13")})
    assert found(old)[0].vendor == Vendor("/home/dev/src/app/vendor")


def test_requirement_is_cached_summed_and_imported(tmp_path: Path) -> None:
    main = 'package main\n\nimport "example.com/greet/words"\n'
    files = {
        f"{APP}/go.mod": GO_MOD,
        f"{APP}/main.go": main,
        f"{CACHE}.zip": GREET,
        f"{CACHE}.mod": "module g\n\ngo 1.25\n",
    }
    sums = {f"{APP}/go.sum": f"example.com/greet v1.0.0 {dirhash.of_zip(GREET)}\n"}
    host = host_with(tmp_path, {**files, **sums})
    (module,) = found(host)
    assert module.requirements[0][3:7] == (False, True, True, True)
    assert module.newest_go == "1.25"
    assert module.conflicts == ()
    elsewhere = found(host, environment("GOMODCACHE", "/srv/mod"))[0]
    assert not elsewhere.requirements[0].cached


def test_replaced_module_needs_neither_cache_nor_sum(tmp_path: Path) -> None:
    text = GO_MOD + "replace example.com/greet => ../greet\nreplace example.com/odd => ../odd\n"
    host = host_with(tmp_path, {f"{APP}/go.mod": text, "home/dev/src/greet/go.mod": "module example.com/greet\n"})
    module = next(m for m in found(host) if m.root.endswith("app"))
    assert (module.requirements[0].cached, module.requirements[0].summed) == (True, True)
    assert [(r.path, r.exists, r.local) for r in module.replacements] == [
        ("example.com/greet", True, True),
        ("example.com/odd", False, True),
    ]


@pytest.mark.parametrize("place", ["cache", "written hash", "file proxy"])
def test_bytes_that_are_not_those_of_go_sum(place: str, tmp_path: Path) -> None:
    line = f"example.com/greet v1.0.0 {dirhash.of_zip(GREET)}"
    files: dict[str, str | bytes] = {f"{APP}/go.mod": GO_MOD, f"{APP}/go.sum": f"{line}\n"}
    proxy = "srv/my proxy/example.com/greet/@v/v1.0.0.zip"
    archive = {"cache": f"{CACHE}.zip", "written hash": f"{CACHE}.zip", "file proxy": proxy}[place]
    files[archive] = OTHER
    if place == "written hash":
        files[f"{CACHE}.ziphash"] = dirhash.of_zip(OTHER)
    (module,) = found(host_with(tmp_path, files), environment("GOPROXY", "file:///srv/my%20proxy,direct"))
    (conflict,) = module.conflicts
    assert (conflict.wanted, conflict.found) == (dirhash.of_zip(GREET), dirhash.of_zip(OTHER))
    assert conflict.location == Location("/home/dev/src/app/go.sum", 1, line)
    assert conflict.source == f"/{archive}"


def test_proxy_behind_a_server_or_for_private_modules_is_not_looked_at(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        f"{APP}/go.mod": GO_MOD,
        f"{APP}/go.sum": f"example.com/greet v1.0.0 {dirhash.of_zip(GREET)}\n",
    }
    host = host_with(tmp_path, {**files, "srv/proxy/example.com/greet/@v/v1.0.0.zip": OTHER})
    assert found(host, environment("GOPROXY", "https://p.example,file:///srv/proxy"))[0].conflicts == ()
    private = (environment("GOPROXY", "file:///srv/proxy"), environment("GOPRIVATE", "example.com"))
    assert found(host, *private)[0].conflicts == ()


def test_sources_tell_cgo_newer_packages_and_programs(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        f"{APP}/go.mod": GO_MOD + "tool example.com/x\n",
        f"{APP}/main.go": 'package main\n\n//go:generate stringer -type X\n\n// #cgo pkg-config: greet\n// #include <greet.h>\nimport "C"\nimport "slices"\n',
        f"{APP}/other_windows.go": 'package main\nimport "maps"\n',
        f"{APP}/new.go": '//go:build go1.99\n\npackage main\nimport "iter"\n',
        f"{APP}/vendor/x/x.go": 'package x\nimport "unique"\n',
        f"{APP}/testdata/x.go": 'package x\nimport "unique"\n',
    }
    tree = GoTree("/usr/local/go", version="go1.26.8", goarch="amd64")
    (module,) = found(host_with(tmp_path, files), trees=(tree,))
    assert [(i.path, i.location.line, i.since) for i in module.std_imports] == [("slices", 8, "1.21")]
    assert [(c.location.line, c.pkg_config, c.headers) for c in module.cgo] == [(7, ("greet",), ("greet.h",))]
    assert [(g.line, g.text) for g in module.generate] == [(3, "//go:generate stringer -type X")]
    assert [(d.path, d.since) for d in module.newer_directives] == [("tool", "1.24")]
    assert module.has_main
    library = found(host_with(tmp_path, {f"{APP}/main.go": "package app\n", f"{APP}/new.go": ""}), trees=(tree,))
    assert not library[0].has_main


def test_repository_of_somebody_else_is_trusted_only_by_configuration(tmp_path: Path) -> None:
    host = host_with(tmp_path, {f"{APP}/go.mod": GO_MOD, "home/dev/src/.git/HEAD": "ref"})
    assert (found(host)[0].vcs, found(host)[0].vcs_uid) == ("/home/dev/src", 1000)
    host.uid = 65534
    assert (found(host)[0].vcs_uid, found(host)[0].safe_directory) == (65534, False)
    (tmp_path / "home/dev/.gitconfig").write_text("[include]\n\tpath = .more\n")
    (tmp_path / "home/dev/.more").write_text("[safe]\n\tdirectory = ~/src\n")
    trusting = OwnedHost(str(tmp_path))
    trusting.uid = 65534
    assert found(trusting)[0].safe_directory
    assert not found(trusting, GIT_CONFIG_GLOBAL="/dev/null")[0].safe_directory


def test_what_git_refuses_of_its_files_is_told_with_every_module(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"{APP}/go.mod": GO_MOD, f"{APP}/.git/HEAD": "ref", f"{APP}/.git/objects/x": ""}
    host = host_with(tmp_path, {**files, "home/dev/.gitconfig": "[include]\n\tpath = .more\n"})
    assert found(host)[0].git_errors == ()
    (tmp_path / "home/dev/.more").write_text("[user]\n[alias\n")
    (tmp_path / f"{APP}/.git/config").write_text("x y\n")
    wanted = (Location("/home/dev/.more", 2, "[alias"), Location(f"/{APP}/.git/config", 1, "x y"))
    assert found(host)[0].git_errors == wanted
    assert found(host, GIT_CONFIG_GLOBAL="/dev/null")[0].git_errors == wanted[1:]
    assert found(host, GIT_DIR=f"/{APP}/.git")[0].git_dir == "repository"
    (tmp_path / f"{APP}/.git/config").write_text("[core]\n\tbare = true\n")
    again = OwnedHost(str(tmp_path))
    assert found(again, GIT_DIR=f"/{APP}/.git")[0].git_dir == "bare"
    assert found(again, GIT_DIR="/home/dev/none")[0].git_dir == ""


USES_GREET = {f"{APP}/go.mod": GO_MOD, f"{APP}/main.go": 'package main\nimport "example.com/greet"\n'}
WITH_SOURCES = packed("example.com/greet@v1.0.0", "module example.com/greet\n", **{"greet.go": "package greet\n"})
UNPACKED = "home/dev/go/pkg/mod/example.com/greet@v1.0.0"


@pytest.mark.parametrize(
    ("cached", "damage"),
    [({f"{CACHE}.mod": ""}, f"/{CACHE}.mod empty"), ({f"{CACHE}.zip": WITH_SOURCES[:-30]}, f"/{CACHE}.zip cut"), ({f"{CACHE}.zip": WITH_SOURCES}, " "), ({f"{CACHE}.zip": WITH_SOURCES, f"{UNPACKED}/go.mod": "m"}, f"/{UNPACKED} incomplete"), ({f"{CACHE}.zip": WITH_SOURCES, f"{UNPACKED}/greet.go": ""}, f"/{UNPACKED} incomplete"), ({f"{CACHE}.zip": WITH_SOURCES, f"{UNPACKED}/greet.go": "p"}, " "), ({f"{CACHE}.zip": WITH_SOURCES, f"{UNPACKED}/go.mod": "m", f"{CACHE}.partial": ""}, " "), ({f"{UNPACKED}/go.mod": "m"}, " "), ({f"{CACHE}.zip": GREET, f"{UNPACKED}/go.mod": "m"}, " ")],
)  # fmt: skip
def test_a_module_of_the_cache_that_is_not_whole_is_told(tmp_path: Path, cached: dict[str, str | bytes], damage: str) -> None:  # fmt: skip
    (module,) = found(host_with(tmp_path, {**USES_GREET, **cached}))
    (require,) = module.requirements
    assert f"{require.damaged} {require.damage}" == damage


def test_module_below_a_go_tree(tmp_path: Path) -> None:
    host = host_with(tmp_path, {"usr/local/go/src/app/go.mod": GO_MOD})
    trees = (GoTree("/usr/local/go", real_path="/usr/local/go"),)
    assert found(host, project="/usr/local/go/src/app", trees=trees)[0].in_goroot


def test_time_is_linear_in_the_modules_of_a_home(tmp_path: Path) -> None:
    source = 'package p\n\nimport (\n\t"fmt"\n\t"os"\n)\n' + "// x\n" * 200
    hosts = {}
    for size in (4, 16):
        files: dict[str, str | bytes] = {}
        for module in range(size):
            top = f"home/dev/src/m{module}"
            files.update({f"{top}/p{package}/a.go": source for package in range(40)})
            files[f"{top}/go.mod"] = GO_MOD + "".join(f"require example.com/r{n} v1.0.0\n" for n in range(100))
            files[f"{top}/go.sum"] = "".join(f"example.com/r{n} v1.0.0 h1:x=\n" for n in range(200))
        hosts[size] = host_with(tmp_path / str(size), files)
        assert len(found(hosts[size])) == size
    assert grows_linearly(lambda size: found(hosts[size]), 16)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["module m\n", "require (\n", "a.b/c v1.0.0\n", ")\n", "use ../\n", "use /\n", "replace a => ./\x00\n", "go 1.21\n", "# a v1.0.0 => b\n", "gitdir: ../../..\n", "\udcff", "a" * 300 + " v1.0.0\n"]), max_size=8).map("".join))  # fmt: skip
def test_the_module_is_found_whatever_its_files_hold(tmp_path: Path, text: str) -> None:
    content = text.encode("utf-8", "surrogateescape")
    names = ("go.mod", "go.sum", "vendor/modules.txt", "main.go", ".git")
    files: dict[str, str | bytes] = {f"{APP}/{name}": content for name in names}
    host = host_with(tmp_path, {**files, "home/dev/go.work": content, "home/dev/.gitconfig": content})
    host.uid = 3
    workspaces = found(host, environment("GOFLAGS", text))
    assert f"/{APP}" in [workspace.root for workspace in workspaces]
    lines = text.count("\n") + 1
    for workspace in workspaces:
        assert all(0 < requirement.location.line <= lines for requirement in workspace.requirements)
