"""A module cache that the real go command filled from a proxy and a checksum database of ours.

with filled_cache(tmp_path) as filled:
    filled.cache                         GOMODCACHE, with MODULES, the private ones and a toolchain, all as go left them
    filled.host                          a host with the settings that go had
    filled.proxy.log.asked               what the database was asked since
    filled.directory("example.com/Real"), filled.file("example.com/Real", "zip")
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import os
import subprocess
import zipfile
from typing import TYPE_CHECKING, NamedTuple

from gosteward.host.local import LocalHost
from sumdb.log_server import Log, escaped
from toolchains.godev_server import ToolchainProxy, toolchain_proxy
from toolchains.small_release import MODULE, SmallRelease, small_release

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOROOT = os.environ.get("GOSTEWARD_TEST_GOROOT", "/usr/local/go")
VERSION = "v1.0.0"
PUBLIC = ("example.com/Real", "example.com/other", "example.com/third/v2")
PRIVATE = "corp.example/secret"


class FilledCache(NamedTuple):
    top: Path
    proxy: ToolchainProxy
    release: SmallRelease
    host: LocalHost

    @property
    def cache(self) -> Path:
        return self.top / "go/pkg/mod"

    def directory(self, module: str) -> Path:
        return self.cache / f"{escaped(module)}@{self.version(module)}"

    def file(self, module: str, suffix: str) -> Path:
        return self.cache / f"cache/download/{escaped(module)}/@v/{self.version(module)}.{suffix}"

    def version(self, module: str) -> str:
        major = "v2.0.0" if module.endswith("/v2") else VERSION
        return self.release.module_version if module == MODULE else major

    def forget_the_log(self) -> None:
        """Let go have kept nothing of the database."""
        subprocess.run(["rm", "-rf", self.cache / "cache/download/sumdb", self.top / "go/pkg/sumdb"], check=True)

    def go(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["go", *arguments], env={**environment(self.top, self.proxy), **environ}, cwd=self.top, text=True,
            capture_output=True, check=False,
        )  # fmt: skip


def environment(top: Path, proxy: ToolchainProxy) -> dict[str, str]:
    return {
        "HOME": str(top), "GOPATH": f"{top}/go", "PATH": f"{GOROOT}/bin:/bin", "GOPROXY": proxy.url, "GOSUMDB": proxy.vkey, "GOPRIVATE": "corp.example", "GONOPROXY": "none",
        "GOFLAGS": "-modcacherw", "GOTOOLCHAIN": "local", "GOENV": "off",
    }  # fmt: skip


def publish(log: Log, module: str, version: str) -> None:
    """Serve a module version, and log its hashes."""
    content, go_mod = io.BytesIO(), f"module {module}\n".encode()
    files = {"go.mod": go_mod, "a.go": b"package a\n", "sub/b.go": b"package sub\n" * 2000}
    lines = []
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(f"{module}@{version}/{name}", (1980, 1, 1, 0, 0, 0)), text)
            lines.append(f"{hashlib.sha256(text).hexdigest()}  {module}@{version}/{name}\n")
    folder = f"/{escaped(module)}/@v/{escaped(version)}"
    log.files[f"{folder}.info"] = json.dumps({"Version": version}).encode()
    log.files[f"{folder}.mod"], log.files[f"{folder}.zip"] = go_mod, content.getvalue()
    mod_h1 = h1(f"{hashlib.sha256(go_mod).hexdigest()}  go.mod\n")
    log.add(module, version, f"{module} {version} {h1(''.join(lines))}\n{module} {version}/go.mod {mod_h1}\n")


def h1(text: str) -> str:
    return f"h1:{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@contextlib.contextmanager
def filled_cache(top: Path) -> Iterator[FilledCache]:
    release = small_release()
    with toolchain_proxy(release) as proxy:
        host = LocalHost(environment(top, proxy))
        filled = FilledCache(top, proxy, release, host)
        for module in (*PUBLIC, PRIVATE):
            publish(proxy.log, module, filled.version(module))
            proxy.log.grow(300)
        for module in (*PUBLIC, PRIVATE):
            ran = filled.go("mod", "download", "-json", f"{module}@{filled.version(module)}")
            assert ran.returncode == 0, ran.stdout + ran.stderr
            proxy.log.grow(70)
        ran = filled.go("version", GOTOOLCHAIN=release.version)
        assert ran.returncode == 0, ran.stderr
        proxy.log.asked.clear()
        yield filled
