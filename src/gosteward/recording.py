"""Snapshots as JSON: `gosteward.snapshot/1`, written and read.

cattrs is imported only where something is decoded: a plain `doctor` never pays for it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gosteward.errors import DecodeError
from gosteward.snapshot import Snapshot
from gosteward.snapshot.host import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping


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


def decode_snapshot(data: Mapping[str, Any]) -> Snapshot:
    """Build a Snapshot from decoded JSON; absent fields get their defaults.

    Raises:
        DecodeError: a field is unknown or has the wrong type; names the place.
    """
    from cattrs import Converter
    from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError
    from cattrs.cols import is_namedtuple, namedtuple_dict_structure_factory

    schema = data.get("schema", SCHEMA)
    if schema != SCHEMA:
        raise DecodeError(f"schema is {schema!r}, expected {SCHEMA!r}", hint="record it again with this version's `gosteward snapshot`")
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    converter.register_structure_hook_factory(
        is_namedtuple, lambda kind, conv: namedtuple_dict_structure_factory(kind, conv, forbid_extra_keys=True)
    )
    try:
        return converter.structure(data, Snapshot)
    except (BaseValidationError, ForbiddenExtraKeysError) as error:
        from cattrs import transform_error

        raise DecodeError("not a snapshot", subject="; ".join(transform_error(error)[:3])) from None
    except (TypeError, ValueError, KeyError) as error:
        raise DecodeError("not a snapshot", subject=str(error)) from None
