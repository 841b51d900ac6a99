"""An archive that somebody names on the command line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import UsageError
from gosteward.toolchains.obtaining import archives

if TYPE_CHECKING:
    from pathlib import Path


def test_a_pipe_with_the_name_of_an_archive_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "go1.26.8.linux-amd64.tar.gz"
    os.mkfifo(path)
    with pytest.raises(UsageError, match="no regular file"):
        archives.of_path(str(path))
