"""Whose connections and attempts are counted together. Pure."""

from __future__ import annotations

import ipaddress


def network_of(address: str) -> str:
    """What one client can have all the addresses of: an IPv4 address, or the 2^64 of a network of IPv6; other text as it is.

    A socket that takes both families, as systemd makes them, says "::ffff:192.0.2.1" for an IPv4 address.
    """
    if ":" not in address:
        return address
    try:
        found = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(found.ipv4_mapped) if found.ipv4_mapped is not None else found.exploded[:19]
