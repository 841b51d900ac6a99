"""The table of all fuzz targets, by name."""

from __future__ import annotations

from fuzz import checkout_targets, format_targets, host_targets, served_targets, shell_targets, store_targets

TARGETS = {
    **format_targets.TARGETS,
    **shell_targets.TARGETS,
    **host_targets.TARGETS,
    **store_targets.STORES,
    **served_targets.SERVED,
    **checkout_targets.TARGETS,
}
