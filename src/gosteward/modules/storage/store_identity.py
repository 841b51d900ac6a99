"""Which store it is: two proxies that use one know it by that, on whatever host, and by whatever path."""

from __future__ import annotations

import os
import re

from gosteward.errors import PrivilegeError
from gosteward.host.own_directory import OwnDirectory

NAME = "identity"
_DIGITS = re.compile(rb"[0-9a-f]{32}")


def identity_of(top: str) -> str:
    """32 hexadecimal digits; "" where another user made the store, or it cannot be written to.  top: the store's directory, which is there."""
    try:
        with OwnDirectory(top).growing(NAME) as file:
            known = os.pread(file.descriptor, 64, 0)
            if not _DIGITS.fullmatch(known):
                known = os.urandom(16).hex().encode()
                file.restart()
                file.append(known)
                file.sync()
    except (OSError, PrivilegeError):
        return ""
    return known.decode()
