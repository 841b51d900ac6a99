"""The mount table."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gosteward.host.local import LocalHost
from gosteward.probes import mounts

TABLE = r"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
40 22 0:35 / /tmp rw,nosuid - tmpfs tmpfs rw,size=100k
41 22 0:36 / /tmp rw,noexec master:3 propagate_from:2 - tmpfs other ro
50 22 0:40 / /mnt/with\040space\011\134\303\251 rw - 9p C:\134 rw,aname=drvfs;path=C:\134
damaged line
"""


def test_last_mount_on_a_point_wins_with_both_sets_of_options() -> None:
    root, tmp, odd = mounts.parse(TABLE.split("\n"))
    assert (root.point, root.type, root.options) == ("/", "ext4", ("rw", "relatime", "errors=remount-ro"))
    assert (tmp.point, tmp.source, tmp.options) == ("/tmp", "other", ("rw", "noexec", "ro"))
    assert odd.point.encode("utf-8", "surrogateescape").decode() == "/mnt/with space\t\\é"
    assert odd.source == "C:\\"


def test_this_machine_has_a_root_and_proc() -> None:
    found, gaps = mounts.collect(LocalHost({}))
    assert {"/", "/proc"} <= {mount.point for mount in found}
    assert gaps == ()


@given(st.lists(st.text(alphabet="- /a\\0478,\n", max_size=60), max_size=6))
def test_no_line_breaks_the_parser(lines: list[str]) -> None:
    mounts.parse(lines)
