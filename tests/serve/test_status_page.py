"""`/-/`: what it says is so, all of it is escaped, and it leads nowhere else."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from gosteward.golang.proxyurls import DEFAULT_DATABASE
from gosteward.serve.status_page import language_of
from serve.serving import Fault, Served, Upstream, proxy, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODULE, VERSION = "github.com/BurntSushi/toml", "v1.4.0"
BASE = f"/github.com/!burnt!sushi/toml/@v/{VERSION}"
HOSTILE = b'<script>alert(1)</script> & "quoted" \x1b[31m'


@pytest.fixture
def behind() -> Iterator[Upstream]:
    with upstream() as served:
        served.add(MODULE, VERSION)
        for suffix in (".info", ".mod", ".zip"):
            served.files[BASE + suffix] = served.files[f"/{MODULE}/@v/{VERSION}{suffix}"]
        yield served


@pytest.fixture
def served(tmp_path: Path, behind: Upstream) -> Iterator[Served]:
    with proxy(tmp_path, behind.url) as found:
        yield found


class Page(HTMLParser):
    """Tags, links and text of a page; it is an error if elements do not close as they opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] != "style":
            self.text += data


def page(served: Served, path: str) -> Page:
    answer = served.get(path)
    assert answer.status == 200
    assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    found = Page(answer.body.decode())
    assert not {"script", "img", "link", "iframe", "form"} & set(found.tags)
    assert all(link.startswith("/") and not link.startswith("//") for link in found.links)
    return found


def test_a_browser_finds_it_from_the_top_and_what_it_asks_besides_is_no_refusal(served: Served) -> None:
    for method in ("GET", "HEAD"):
        for path in ("/", "/?x=1"):
            answer = served.get(path, method)
            assert (answer.status, answer.headers["location"]) == (303, "/-/")
            assert answer.headers["cache-control"] == "no-store"
            assert answer.body == (b"" if method == "HEAD" else b"see /-/\n")
        assert served.get("/favicon.ico", method).status == 404
    assert {served.get(path).status for path in ("//", "/x", "/favicon.ico/", "/@v/list", "/@latest")} == {400}
    counted = served.get("/metrics").body.decode()
    assert 'requests_total{kind="page",status="303"} 4' in counted
    assert 'requests_total{kind="page",status="404"} 2' in counted


def test_it_says_what_happened(served: Served, behind: Upstream) -> None:
    for _ in range(4):
        served.get(f"{BASE}.mod")
    behind.faults["/example.com/x/@v/list"] = Fault(status=500, body=HOSTILE)
    served.get("/example.com/x/@v/list")
    found = page(served, "/-/")
    assert "75.0 %" in found.text  # three of four
    assert f'{behind.url} answered 500: <script>alert(1)</script> & "quoted"' in found.text
    assert "1 ok, 1 failed" in found.text
    assert "fails" in found.text
    assert "\x1b" not in served.get("/-/").body.decode()


def test_no_password_of_an_upstream_is_shown(tmp_path: Path) -> None:
    own = "https://dev:s3cret@127.0.0.1:9"
    with proxy(tmp_path, own, f"{DEFAULT_DATABASE} {own}/db") as served:
        for path in (f"{BASE}.mod", f"/sumdb/{DEFAULT_DATABASE}/latest"):
            assert b"s3cret" not in served.get(path).body
        for path in ("/-/", "/metrics"):
            answer = served.get(path)
            assert b"127.0.0.1:9" in answer.body
            assert b"s3cret" not in answer.body


def test_what_is_stored_can_be_found_from_the_top(served: Served) -> None:
    for suffix in (".info", ".mod", ".zip"):
        served.get(BASE + suffix)
    path = "/-/modules/"
    for name in ("github.com", "!burnt!sushi", "toml"):
        path = next(link for link in page(served, path).links if link.endswith(f"/{name}/"))
    found = page(served, path)
    assert "BurntSushi" in found.text
    files = [link for link in found.links if "/@v/" in link]
    assert files == [f"{BASE}{suffix}" for suffix in (".info", ".mod", ".zip")]
    assert {served.get(link).status for link in files} == {200}


def test_many_versions_are_on_pages_the_newest_first(served: Served, tmp_path: Path) -> None:
    directory = tmp_path / "store/modules/example.com/many/@v"
    directory.mkdir(parents=True)
    for number in range(1_201):
        (directory / f"v1.{number}.0.mod").write_text("module example.com/many\n")
    shown = [
        re.findall(r"v1\.\d+\.0", page(served, f"/-/modules/example.com/many/?page={number}").text)
        for number in (1, 2, 3, 4)
    ]
    assert [len(versions) for versions in shown] == [500, 500, 201, 0]
    assert shown[0][:2] == ["v1.1200.0", "v1.1199.0"]
    assert len({version for versions in shown for version in versions}) == 1_201
    for odd in ("-1", "x", "0", "9" * 30, "", "%00"):
        assert page(served, f"/-/modules/example.com/many/?page={odd}").text


@pytest.mark.parametrize(
    "path",
    [
        "/-/modules/../../etc/", "/-/modules/%2e%2e/%2e%2e/etc/", "/-/modules/..%2f..%2fetc", "/-/modules/example.com//x", "/-/modules/@v",
        "/-/modules/.hidden", "/-/modules/%3Cscript%3E", "/-/modules/a%00b", "/-/nothing", "/-/modules/absent.example", "/-/modules/x%5C..",
    ],
)  # fmt: skip
def test_nothing_else_can_be_looked_into(served: Served, tmp_path: Path, path: str) -> None:
    (tmp_path / "store/modules/.hidden").mkdir()
    answer = served.get(path)
    assert (answer.status, answer.body) == (404, b"not found: there is no such page\n")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"), ("zh", "zh"), ("ZH-cn,en;q=0.9", "zh"), ("en,zh;q=0.9", "en"), ("de,zh;q=0.2,en;q=0.1", "zh"), ("zh;q=0", "en"), ("fr, de", "en"),
        ("zh;q=9", "en"), ("*", "en"), ("zh;q=nan,en", "en"), ("\xff\xfe,,;;q=,zh", "zh"),
    ],
)  # fmt: skip
def test_the_language_is_the_one_that_the_browser_likes_best(accepted: str, language: str) -> None:
    assert language_of(accepted) == language


def test_an_unknown_language_in_a_url_is_none(served: Served) -> None:
    for wanted in ("de", "../../etc", "%00", "zh%22%3E"):
        assert "Hit rate" in page(served, f"/-/?lang={wanted}").text
    assert "命中率" in page(served, "/-/?lang=zh").text
    assert all(link.endswith("?lang=zh") for link in page(served, "/-/modules/?lang=zh").links if "lang=en" not in link)


def test_head_has_no_body(served: Served) -> None:
    for path in ("/-/", "/-/modules/", "/metrics", "/readyz", "/healthz"):
        answer = served.get(path, "HEAD")
        assert (answer.status, answer.body) == (200, b"")
