"""Which headers a cgo preamble needs for sure."""

from __future__ import annotations

from gosteward.golang.gosource import brings_flags, needed_headers


def test_headers_inside_of_conditions_and_beside_flags_are_not_sure() -> None:
    assert needed_headers('/*\n#include <a.h>\n# include <b/c.h>\n#include "own.h"\n*/') == ("a.h", "b/c.h")
    assert needed_headers("// #include <a.h>\n// #ifdef X\n// #include <x.h>\n// #endif\n// #include <c.h>") == (
        "a.h",
        "c.h",
    )
    assert needed_headers("#cgo LDFLAGS: -lz\n#include <zlib.h>") == ("zlib.h",)
    for flags in (
        "#cgo CFLAGS: -I/opt",
        "// #cgo linux,amd64 CPPFLAGS: -I/opt",
        "#cgo pkg-config: zlib",
        "#cgo pkg-config : z",
    ):
        assert needed_headers(f"{flags}\n#include <zlib.h>") == ()
        assert brings_flags(flags)
    assert not brings_flags("#cgo LDFLAGS: -lz")
