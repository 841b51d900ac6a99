"""The log of these tests is one that the go command itself accepts, so what we read is what Go means."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from gosteward.golang import dirhash
from gosteward.sumdb import client, keys
from sumdb.log_server import Log, escaped, serving

if TYPE_CHECKING:
    from pathlib import Path

GOROOT = os.environ.get("GOSTEWARD_TEST_GOROOT", "/usr/local/go")
needs_go = pytest.mark.skipif(not os.path.exists(f"{GOROOT}/bin/go"), reason=f"no go in {GOROOT}/bin")
GO_MOD = b"module example.com/Real\n"


def publish(log: Log, module: str, version: str, evil: bool = False) -> None:
    """Serve a module version and log its hashes, or those of something else."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(f"{module}@{version}/go.mod", GO_MOD)
        archive.writestr(f"{module}@{version}/a.go", b"package real\n")
    folder = f"/{escaped(module)}/@v/{escaped(version)}"
    log.files[f"{folder}.info"] = json.dumps({"Version": version}).encode()
    log.files[f"{folder}.mod"], log.files[f"{folder}.zip"] = GO_MOD, content.getvalue()
    digest = hashlib.sha256(GO_MOD).hexdigest()
    zip_h1 = dirhash.of_zip(content.getvalue() if not evil else b"") or f"h1:{'A' * 43}="
    log.add(
        module,
        version,
        f"{module} {version} {zip_h1}\n{module} {version}/go.mod {dirhash.of_digests([(b'go.mod', digest)])}\n",
    )


def download(url: str, log: Log, place: Path, version: str) -> dict[str, str]:
    environment = {
        "HOME": str(place), "PATH": f"{GOROOT}/bin", "GOPATH": str(place), "GOMODCACHE": f"{place}/mod", "GOCACHE": f"{place}/cache",
        "GOPROXY": url, "GOSUMDB": log.signer.vkey, "GOFLAGS": "-modcacherw", "GOTOOLCHAIN": "local", "GOENV": "off",
    }  # fmt: skip
    ran = subprocess.run(
        ["go", "mod", "download", "-json", f"example.com/Real@{version}"],
        env=environment,
        cwd=place,
        capture_output=True,
        check=False,
    )
    return json.loads(ran.stdout)


@needs_go
def test_go_takes_the_same_hashes_from_the_same_log_and_follows_its_growth(tmp_path: Path) -> None:
    log = Log(255)
    known = [keys.parse(log.signer.vkey)]
    remembered = ""
    with serving(log) as url:
        for version, growth in (("v1.0.0", 0), ("v1.1.0", 256), ("v1.2.0-RC1", 66_000)):
            log.grow(growth)
            publish(log, "example.com/Real", version)
            by_go = download(url, log, tmp_path, version)
            ours = client.logged("example.com/Real", version, client.Server(log.answer), known, remembered)
            assert (by_go.get("Error"), by_go["Sum"], by_go["GoModSum"]) == (None, ours.zip_h1, ours.mod_h1)
            assert (tmp_path / f"pkg/sumdb/{log.signer.name}/latest").read_text() == ours.head
            remembered = ours.head


@needs_go
def test_go_refuses_what_the_log_does_not_have(tmp_path: Path) -> None:
    log = Log(300)
    with serving(log) as url:
        publish(log, "example.com/Real", "v1.0.0", evil=True)
        assert "SECURITY ERROR" in download(url, log, tmp_path, "v1.0.0")["Error"]
        # A cache that go filled with proved tiles serves us as well.
        tiles = tmp_path / f"mod/cache/download/sumdb/{log.signer.name}"
        cache = client.TileCache(
            lambda path: (tiles / path).read_bytes() if (tiles / path).exists() else None, lambda _path, _content: None
        )
        log.asked.clear()
        client.logged("example.com/Real", "v1.0.0", client.Server(log.answer), [keys.parse(log.signer.vkey)], "", cache)
        assert log.asked == ["/lookup/example.com/!real@v1.0.0"]
