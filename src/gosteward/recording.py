"""Snapshots as JSON: `gosteward.snapshot/1`, written and read.

cattrs is imported only where something is decoded: a plain `doctor` never pays for it.
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from gosteward.errors import DecodeError, UsageError
from gosteward.snapshot import Snapshot
from gosteward.snapshot.host import SCHEMA

SIZE_LIMIT = 64 << 20
# Of a larger recording only that it is wrong is said, and not where: an error for each of a million entries helps nobody.
EXPLAINED_LIMIT = 1 << 18

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cattrs import Converter


def encode(value: object) -> object:
    """Turn NamedTuples into dictionaries and tuples into lists, all the way down."""
    fields = getattr(value, "_fields", None)
    if fields is not None:
        return {name: encode(getattr(value, name)) for name in fields}
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    return value


def encode_snapshot(snapshot: Snapshot) -> str:
    """The snapshot as one JSON text; undecodable bytes of the host are kept as lone surrogates, escaped."""
    return json.dumps(encode(snapshot), indent=1, ensure_ascii=True) + "\n"


def decode_snapshot(data: Mapping[str, Any], explain: bool = True) -> Snapshot:
    """Build a Snapshot from decoded JSON; absent fields get their defaults.

    Args:
        explain: look for all errors, and say where they are.

    Raises:
        DecodeError: a field is unknown or has the wrong type; names the place.
    """
    from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError

    schema = data.get("schema", SCHEMA)
    if schema != SCHEMA:
        raise DecodeError(
            f"schema is {str(schema)[:80]!r}, expected {SCHEMA!r}",
            hint="record it again with this version's `gosteward snapshot`",
        )

    try:
        return _converter(explain).structure(data, Snapshot)
    except (BaseValidationError, ForbiddenExtraKeysError) as error:
        from cattrs import transform_error

        raise DecodeError("not a snapshot", subject="; ".join(transform_error(error)[:3])) from None
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        raise DecodeError("not a snapshot", subject=str(error)) from None


@functools.cache
def _converter(explain: bool) -> Converter:
    """What builds a Snapshot; it writes code for each class that it meets, which takes longer than to read most recordings."""
    from cattrs import Converter
    from cattrs.cols import is_namedtuple, namedtuple_dict_structure_factory

    class Strict(Converter):
        """Takes no text for the list of its characters."""

        def _structure_tuple(self, obj: Any, tup: Any) -> Any:
            if not isinstance(obj, list):
                raise TypeError("a list is expected")
            return super()._structure_tuple(obj, tup)

    def strict(kind: type[Any], conv: Converter) -> Any:
        return namedtuple_dict_structure_factory(kind, conv, "from_converter", True)

    converter = Strict(forbid_extra_keys=True, detailed_validation=explain)
    converter.register_structure_hook_factory(is_namedtuple, strict)
    return converter


def _integer(digits: str) -> int:
    """No number of a host needs more than 20 digits, and converting very long ones takes very long."""
    if len(digits) > 40:
        raise ValueError("a number is too long")
    return int(digits)


def _constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def read_snapshot(path: str) -> Snapshot:
    """Read a recorded snapshot from a file.

    Raises:
        UsageError: the file cannot be read.   DecodeError: it holds no snapshot.
    """
    try:
        with open(path, "rb") as file:
            text = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise UsageError("the snapshot cannot be read", subject=f"{path}: {error.strerror}") from None
    if len(text) > SIZE_LIMIT:
        raise DecodeError(f"the snapshot is larger than {SIZE_LIMIT >> 20} MiB", subject=path)
    try:
        data = json.loads(text, parse_int=_integer, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise DecodeError(
            "not JSON", subject=f"{path}: {error}", hint="`gosteward snapshot -o FILE` writes one"
        ) from None
    if not isinstance(data, dict):
        raise DecodeError("not a snapshot", subject=path, hint="`gosteward snapshot -o FILE` writes one")
    return decode_snapshot(data, explain=len(text) <= EXPLAINED_LIMIT)
