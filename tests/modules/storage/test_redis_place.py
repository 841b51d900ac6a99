"""URLs of a Redis: read strictly, and never shown with what is secret in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.errors import UsageError
from gosteward.modules.storage.redis_place import RedisPlace, parse

URLS = {
    "redis://cache": RedisPlace("cache", 6379),
    "redis://cache:7000/3?prefix=team-a": RedisPlace("cache", 7000, "", 3, "team-a"),
    "rediss://:s%3Acret@cache": RedisPlace("cache", 6379, tls=True, password="s:cret"),
    "redis://gopher:p@127.0.0.1/": RedisPlace("127.0.0.1", 6379, user="gopher", password="p"),
    "redis://[::1]:7000?db=2": RedisPlace("::1", 7000, database=2),
    "unix:///run/redis/redis.sock?db=1&prefix=x": RedisPlace(path="/run/redis/redis.sock", database=1, prefix="x"),
}


@pytest.mark.parametrize("url", URLS)
def test_a_url_says_where_redis_is(url: str) -> None:
    assert parse(url) == URLS[url]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "cache:6379",
        "http://cache",
        "redis://",
        "redis://:secret@",
        "redis://cache/x",
        "redis://cache/-1",
        "redis://cache:99999",
        "redis://u:sec/ret@cache",
        "redis://u:sec#ret@cache",
        "redis://u:sec?ret@cache",
        "redis://cache?prefix=",
        "redis://cache?prefix=a%0ab",
        "redis://cache?prefix=a b",
        "redis://cache?password=Secret",
        "redis://cache?db=x",
        "unix://cache/redis.sock",
        "unix:redis.sock",
        "redis://[::1",
        "redis://ca che",
    ],
)
def test_anything_else_is_refused_and_no_password_is_shown(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(url)
    assert "sec" not in f"{refused.value} {refused.value.hint}".lower()


@given(st.text("abcXYZ01:/@?#[]%!é ", max_size=20).map(lambda text: f"Qq7{text}7qQ"))
def test_no_password_is_ever_shown(password: str) -> None:
    try:
        shown = parse(f"redis://gopher:{password}@cache/1").shown
    except UsageError as error:
        shown = f"{error}"
    assert "Qq7" not in shown
    assert "7qQ" not in shown
