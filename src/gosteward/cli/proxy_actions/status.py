"""How much is stored, and whether something needs looking after."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.cli.proxy_actions import caring
from gosteward.cli.proxy_actions.places import add_store, here, store_of
from gosteward.errors import HEALTHY
from gosteward.finding import Text
from gosteward.report.layout import shown_size

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.catalogs import Catalog
    from gosteward.modules.care.storage_status import StoreStatus

HELP = "say how much is stored, what is in quarantine, and how much room is left"


def add_arguments(parser: ArgumentParser) -> None:
    add_store(parser)
    caring.add_format(parser)


def run(options: Namespace) -> int:
    from gosteward.modules.care.storage_status import status_of

    words = flags.catalog(options.lang)
    found = status_of(store_of(options, *here()))
    caring.show(options, lambda: _json(found), lambda: _text(found, words))
    return HEALTHY


def _json(found: StoreStatus) -> dict[str, object]:
    document = {"schema": "gosteward.proxy-status/1", "store": found.top, **found._asdict()}
    del document["top"]
    return {**document, "newest_at": _time(found.newest_at)}


def _text(found: StoreStatus, words: Catalog) -> list[str]:
    counts = {"files": str(found.files), "versions": str(found.versions), "modules": str(found.modules)}
    sizes = {"size": shown_size(found.size), "allocated": shown_size(found.allocated)}
    lines = [
        words.text(Text("store: {path}", path=found.top)),
        words.text(Text("{modules} modules, {versions} versions, {files} files", **counts)),
        words.text(Text("{size}, which take {allocated} of the disk", **sizes)),
        words.text(Text("room left: {free}", free=shown_size(found.free))),
    ]
    if found.newest:
        lines.append(words.text(Text("newest: {path}, {time}", path=found.newest, time=_time(found.newest_at))))
    if found.quarantine:
        lines.append(words.text(Text("in quarantine: {count}", count=str(len(found.quarantine)))))
        lines += caring.shortened([f"  {path}" for path in found.quarantine], words)
    if found.strays:
        lines.append(words.text(Text("no files of modules: {count}", count=str(len(found.strays)))))
        lines += caring.shortened([f"  {path}" for path in found.strays], words)
    return lines


def _time(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment)) if moment else ""
