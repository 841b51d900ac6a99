"""A shared place is named by a URL that can be what it says, and holds no secret."""

from __future__ import annotations

import pytest

from gosteward.errors import UsageError
from gosteward.modules.shared.places import SharedPlace, objects_at


@pytest.mark.parametrize(
    "wanted",
    [
        SharedPlace("s3://user:secret@bucket/x"),
        SharedPlace("s3://Bucket"),
        SharedPlace("s3://"),
        SharedPlace("s3://bucket/../other"),
        SharedPlace("s3://bucket/a//b"),
        SharedPlace("s3://bucket?key=secret"),
        SharedPlace("https://bucket.example/x"),
        SharedPlace("file://relative"),
        SharedPlace("/srv/shared"),
        SharedPlace("s3://bucket", "http://user:secret@server"),
        SharedPlace("s3://bucket", "server:9000"),
        SharedPlace("file:///srv/shared", "https://server"),
    ],
    ids=str,
)
def test_what_is_no_place_is_refused_and_no_secret_is_shown(wanted: SharedPlace) -> None:
    with pytest.raises(UsageError) as caught:
        objects_at(wanted)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["s3://bucket", "s3://my.bucket-1/a/b/", "file:///srv/shared"])
def test_a_place_is_shown_as_it_was_named(url: str) -> None:
    assert objects_at(SharedPlace(url)).shown == url.rstrip("/").replace("file://", "")
