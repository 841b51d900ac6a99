"""h1 of module zips."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from gosteward.golang import dirhash

if TYPE_CHECKING:
    import pytest


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


FILES = {"example.com/m@v1.0.0/go.mod": b"module example.com/m\n", "example.com/m@v1.0.0/a.go": b"package m\n"}


def test_hash_is_that_of_sorted_digests_and_names() -> None:
    # printf 'package m\n' | sha256sum, and so on: the lines sorted by name, hashed again, in base64.
    assert dirhash.of_zip(packed(FILES)) == "h1:SXy42eQ/QbleX7vtuAPFnaM3tNuQnfeo7rulG/p7iOw="
    assert dirhash.of_zip(packed(dict(reversed(FILES.items())), zipfile.ZIP_STORED)) == dirhash.of_zip(packed(FILES))
    assert dirhash.of_zip(packed({**FILES, "example.com/m@v1.0.0/b.go": b""})) != dirhash.of_zip(packed(FILES))


def test_zip_bomb_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dirhash, "UNPACKED_LIMIT", 1 << 20)
    assert dirhash.of_zip(packed({"m@v1.0.0/a": bytes(2 << 20)})) == ""
    monkeypatch.setattr(dirhash, "FILES_LIMIT", 3)
    assert dirhash.of_zip(packed({str(n): b"" for n in range(4)})) == ""


@given(st.binary(max_size=200), st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_archive_has_no_hash_or_that_of_what_can_be_unpacked(noise: bytes, place: int, byte: int) -> None:
    assert dirhash.of_zip(noise) == ""
    whole = packed(FILES)
    assert dirhash.of_zip(whole[:place]) == ("" if place < len(whole) else dirhash.of_zip(whole))
    damaged = bytearray(whole)
    damaged[place % len(damaged)] = byte
    assert re.fullmatch("(?:h1:[A-Za-z0-9+/]{43}=)?", dirhash.of_zip(bytes(damaged)))
