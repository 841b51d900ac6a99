"""Go's settings: every place that gives one a value, read without asking `go`."""

from typing import NamedTuple, Optional

from gosteward.snapshot.places import Location


class Setting(NamedTuple):
    """One place that gives a Go variable a value.

    Attributes:
        name: "GOPROXY".   value: as Go would read it.
        origin: "environment", "goenv-file" (`go env -w`), "goroot" (GOROOT/go.env). Precedence in that order.
        location: the line.   contexts: for origin "environment": names of the contexts that see it; else ().
        goroot: for origin "goroot": real path of the tree.
        known: Go knows the name (an unknown one in the goenv file makes go refuse nothing but is ignored).
        problem: "" or, for origin "goenv-file", why go ignores it: "unreadable" (the whole file; name "", location the file),
            "no-setting" (the line has no `=`, or its name does not start with a capital letter; name and value as far as there are).
        uid, mode: for problem "unreadable": of the file, -1 where nobody could look.
        missing: the file that the value names (GOWORK, GOENV) is not there.
        missing_file: of GOFLAGS and GOCACHEPROG: a file that the value names by its whole path and that is not there, "" if none.
    """

    name: str
    value: str
    origin: str
    location: Optional[Location] = None
    contexts: tuple[str, ...] = ()
    goroot: str = ""
    known: bool = True
    problem: str = ""
    missing: bool = False
    missing_file: str = ""
    uid: int = -1
    mode: int = -1
