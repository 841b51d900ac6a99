"""A headless Chromium, driven through two pipes: pages as people see them, and what they ask for.

Source: chromedevtools.github.io/devtools-protocol; with --remote-debugging-pipe it reads JSON ended by a zero byte from descriptor 3, and writes such to 4.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 60.0
PROGRAM = shutil.which("chromium-headless-shell") or "chromium-headless-shell"
# As root it has no sandbox; it looks at pages of ours alone. Nothing of it asks anybody for updates.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe", "about:blank",
)  # fmt: skip


class Browser:
    """One page of it.

    Attributes:
        asked: URLs that were asked for.   said: what it wrote to its console: errors, violations of the page's policy.
    """

    def __init__(self, to: int, of: int) -> None:
        self._to, self._of, self._rest, self._number = to, of, b"", 0
        self.asked: list[str] = []
        self.said: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = ""
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self._call(f"{domain}.enable")

    def open(self, url: str, *, width: int = 1200, dark: bool = False, language: str = "") -> None:
        """Show a page, whole."""
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600
        )
        colours = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[colours])
        self._call("Network.setExtraHTTPHeaders", headers={"Accept-Language": language} if language else {})
        self._loaded = False
        self._call("Page.navigate", url=url)
        until = time.monotonic() + PATIENCE
        while not self._loaded:
            self._read(until)

    def value(self, expression: str) -> Any:
        """What JavaScript says of the page; its own policy does not hold for us."""
        found = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def picture(self, path: Path) -> None:
        """All of the page, as PNG."""
        found = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(found["data"]))

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        session = {"sessionId": self._session} if getattr(self, "_session", "") else {}
        message = {"id": self._number, "method": method, "params": parameters, **session}
        os.write(self._to, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + PATIENCE
        while True:
            found = self._read(until)
            if found.get("id") == self._number:
                assert "error" not in found, found
                return dict(found["result"])

    def _read(self, until: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._of], [], [], max(0.0, until - time.monotonic()))
            piece = os.read(self._of, 1 << 20) if ready else b""
            assert piece, "the browser ended, or is silent"
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(line)
        parameters = found.get("params", {})
        if found.get("method") == "Network.requestWillBeSent":
            self.asked.append(parameters["request"]["url"])
        elif found.get("method") == "Log.entryAdded":
            self.said.append(parameters["entry"]["text"])
        elif found.get("method") == "Runtime.exceptionThrown":
            self.said.append(str(parameters["exceptionDetails"]))
        elif found.get("method") == "Page.loadEventFired":
            self._loaded = True
        return found


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser that knows nothing yet."""
    its_in, to = os.pipe()
    of, its_out = os.pipe()
    # The shell puts the pipes where they are looked for; numbers below 3 are taken.
    script = f'exec 3<&{its_in} 4>&{its_out}; exec "$@"'
    words = ["/bin/bash", "-c", script, "sh", PROGRAM, f"--user-data-dir={profile}", *FLAGS]
    process = subprocess.Popen(
        words,
        pass_fds=(its_in, its_out),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(its_in)
    os.close(its_out)
    try:
        yield Browser(to, of)
    finally:
        process.kill()
        process.wait()
        os.close(to)
        os.close(of)
