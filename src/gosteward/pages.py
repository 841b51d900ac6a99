"""The manual page of each rule: shipped inside the package, in a checkout read from docs/rules."""

from __future__ import annotations

import os
import pkgutil

_CHECKOUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "rules")


def page_of(rule_id: str) -> str:
    """The page of a rule as Markdown; "" if this installation has none."""
    try:
        data = pkgutil.get_data(__package__ or "gosteward", f"pages/{rule_id}.md")
    except OSError:
        data = None
    if data is None:
        try:
            with open(os.path.join(_CHECKOUT, f"{rule_id}.md"), "rb") as file:
                data = file.read(1 << 20)
        except OSError:
            return ""
    return data.decode("utf-8")
