"""The pages for people, as Chromium shows them: readable, in bounds, without scripts, and asking nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gosteward.serve.own_certificate import Dated, OwnCertificate
from serve.browser import Browser, browser
from serve.serving import Fault, Served, proxy, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODULES = 200
EVIL = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>" + "x" * 300
LONG = "a" * 200
# The least contrast of all text with what is behind it. Source: WCAG 2.2, "relative luminance" and "contrast ratio".
CONTRAST = """(() => {
  const colour = text => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = c => { const [r, g, b] = c.slice(0, 3).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b };
  const behind = e => { for (; e; e = e.parentElement) { const c = colour(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c } return [255, 255, 255] };
  let least = 21;
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const [one, other] = [light(colour(getComputedStyle(e).color)), light(behind(e))].sort((a, b) => b - a);
    least = Math.min(least, (one + 0.05) / (other + 0.05));
  }
  return least;
})()"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A proxy of 200 modules, one of a long name, with hostile errors of its upstream."""
    top = tmp_path_factory.mktemp("served")
    for name in (*(f"group{n % 7}/module{n}" for n in range(MODULES)), f"group0/{LONG}"):
        directory = top / f"store/modules/example.com/{name}/@v"
        directory.mkdir(parents=True)
        for kind in ("info", "mod", "zip"):
            (directory / f"v1.0.0-{LONG}.{kind}").write_text("x")
    over = OwnCertificate(f"/etc/{LONG}.crt", Dated(f"{LONG}.example", 0.0, 1.0))
    with upstream() as behind, proxy(top, behind.url, certificate=over) as found:
        for path, fault in (("x", Fault(500, EVIL.encode())), ("y", Fault(503, "过载".encode()))):
            behind.faults[f"/example.com/{path}/@v/list"] = fault
            found.get(f"/example.com/{path}/@v/list")
        yield found


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


def text(chromium: Browser) -> str:
    return str(chromium.value("document.body.innerText"))


@pytest.mark.parametrize("path", ["/-/", "/-/modules/example.com/group0/", f"/-/modules/example.com/group0/{LONG}/"])
def test_it_is_readable_and_in_bounds_in_the_light_and_in_the_dark_on_a_telephone_and_on_a_desk(
    served: Served, chromium: Browser, path: str
) -> None:
    for width in (320, 700, 1200):
        for dark in (False, True):
            chromium.open(f"http://127.0.0.1:{served.port}{path}", width=width, dark=dark)
            assert chromium.value("document.documentElement.scrollWidth") <= width
            assert chromium.value(CONTRAST) >= 4.5


def test_hostile_text_is_text_and_nobody_else_is_asked(served: Served, chromium: Browser, tmp_path: Path) -> None:
    base = f"http://127.0.0.1:{served.port}"
    del chromium.asked[:]
    chromium.open(f"{base}/-/", width=700)
    assert EVIL in text(chromium).replace("\n", "")
    assert chromium.value("document.title") == "gosteward proxy"
    assert chromium.value("document.querySelectorAll('script, img, iframe, link, form').length") == 0
    assert chromium.asked == [f"{base}/-/"]
    assert chromium.said == []
    chromium.picture(tmp_path / "page.png")
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")


def test_modules_are_found_by_following_links(served: Served, chromium: Browser) -> None:
    chromium.open(f"http://127.0.0.1:{served.port}/-/")
    seen = 0
    for step in ("/-/modules/", "/-/modules/example.com/", "/-/modules/example.com/group0/"):
        chromium.open(str(chromium.value(f"document.querySelector('a[href=\"{step}\"]').href")))
        seen = int(chromium.value("document.querySelectorAll('li a').length"))
    assert seen == len(range(0, MODULES, 7)) + 1
    chromium.open(str(chromium.value("document.querySelector('li a').href")))
    files = chromium.value("[...document.querySelectorAll('td a')].map(a => new URL(a.href).pathname)")
    assert [served.get(path).body for path in files] == [b"x"] * 3


def test_it_speaks_the_language_of_its_reader_and_stays_with_the_one_that_was_chosen(
    served: Served, chromium: Browser
) -> None:
    base = f"http://127.0.0.1:{served.port}/-/"
    chromium.open(base, language="zh-CN,zh;q=0.9,en;q=0.8")
    assert ("命中率" in text(chromium), chromium.value("document.documentElement.lang")) == (True, "zh-CN")
    chromium.open(str(chromium.value("document.querySelector('a[hreflang=en]').href")), language="zh-CN")
    assert ("Hit rate" in text(chromium), chromium.value("document.documentElement.lang")) == (True, "en")
    chromium.open(str(chromium.value("document.querySelector('main a').href")), language="zh-CN")
    assert "Below it" in text(chromium)
    chromium.open(base, language="de, fr;q=0.5")
    assert "Hit rate" in text(chromium)
