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
def test_a_point_is_mounted_once_and_an_option_given_once(lines: list[str]) -> None:
    found = mounts.parse(lines)
    assert len({mount.point for mount in found}) == len(found) <= len(lines)
    assert all(len(set(mount.options)) == len(mount.options) and "" not in mount.options for mount in found)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30))
def test_a_name_comes_out_as_the_kernel_has_written_it(name: str) -> None:
    written = "".join(f"\\{byte:03o}" if byte in b" \t\n\\" else chr(byte) for byte in name.encode())
    line = f"22 1 8:1 / /{written} rw - ext4 /dev/sda1 rw".encode("latin-1").decode("utf-8", "surrogateescape")
    (found,) = mounts.parse([line])
    assert found.point == f"/{name}"
