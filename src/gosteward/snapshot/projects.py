"""Modules and workspaces: what go.mod, go.work, go.sum and vendor/ say, and what the sources need."""

from typing import NamedTuple, Optional

from gosteward.snapshot.places import Location


class Requirement(NamedTuple):
    """A `require` of go.mod.

    Attributes:
        cached: the module cache holds it, or a replacement by a directory stands for it.   summed: go.sum has its h1 line.
        imported: the module's own files that are built on this machine (tests left out) import a package of it.
        damaged: file or directory of the module cache that is not whole, "" if all is, as far as was looked.
        damage: "empty" (go.mod), "cut" (zip), "incomplete" (unpacked directory); "" for none.
    """

    path: str
    version: str
    location: Optional[Location] = None
    indirect: bool = False
    cached: bool = True
    summed: bool = True
    imported: bool = False
    damaged: str = ""
    damage: str = ""


class Replacement(NamedTuple):
    """A `replace`.  target: module path or directory as written.  exists: for a directory: its go.mod is there."""

    path: str
    target: str
    location: Optional[Location] = None
    exists: bool = True
    local: bool = False


class GoWork(NamedTuple):
    """A go.work in force for a module.

    Attributes:
        go, toolchain: values of those lines, "" without one.   uses: directories, absolute.   missing_uses: `use` lines whose
            directory has no go.mod.   lists_module: the module that it was found from is one of the uses.
        use_location: its first `use` line.   setting: where GOWORK names it, None where it was found in a parent directory.
        errors: lines that no Go parses.   exists: False for a file that GOWORK names and that is not there (or cannot be read).
    """

    path: str
    go: str = ""
    go_location: Optional[Location] = None
    toolchain: str = ""
    uses: tuple[str, ...] = ()
    missing_uses: tuple[Location, ...] = ()
    lists_module: bool = True
    use_location: Optional[Location] = None
    setting: Optional[Location] = None
    errors: tuple[Location, ...] = ()
    exists: bool = True


class Import(NamedTuple):
    """An import of a package of the standard library that not every Go release has.  since: release that brought it ("1.21")."""

    path: str
    location: Location
    since: str = ""


class CgoUse(NamedTuple):
    """A file that imports "C".

    Attributes:
        pkg_config: names asked for by `#cgo pkg-config:` lines.   headers: names of included headers.
        optional: its build constraint names the tag cgo, so the package has a substitute for it.
        cxx: sources in C++ lie beside it.
        needed_headers: included ones that the compiler must find by itself: outside of any `#if`, and without flags of `#cgo` lines.
        flags: `#cgo` lines bring flags for the whole package.
    """

    location: Location
    pkg_config: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    optional: bool = False
    cxx: bool = False
    needed_headers: tuple[str, ...] = ()
    flags: bool = False


class Vendor(NamedTuple):
    """vendor/ of a module.

    Attributes:
        path: the vendor directory.   modules_txt: its modules.txt exists.
        differences: (module, version in go.mod, version in modules.txt); "" where one side lacks it; at most 10.
    """

    path: str
    modules_txt: bool = True
    differences: tuple[tuple[str, str, str], ...] = ()


class ChecksumConflict(NamedTuple):
    """A module whose bytes, as cached or as a configured GOPROXY serves them, are not those of go.sum.

    Attributes:
        wanted: "h1:..." of go.sum at `location`.   found: "h1:..." computed.   source: file or URL of the bytes.
    """

    path: str
    version: str
    wanted: str
    found: str
    source: str
    location: Optional[Location] = None


class Workspace(NamedTuple):
    """One module root (or go.work root) that was examined.

    Attributes:
        root: directory.   go_mod: path of go.mod, "" for a bare go.work root.   current: it holds the current directory or --project.
        module: module path.   go, go_location; toolchain, toolchain_location: those lines.   errors: lines that no Go parses.
        requirements, replacements: as far as go.mod has them (at most 500).
        work: the go.work in force, None without one.
        go_sum: path, "" if absent.   vendor: None without a vendor directory.
        cgo: files that import "C" (at most 10).   std_imports: imports of newer std packages (at most 10).
        vcs: directory that holds .git, "" without one.   vcs_uid: its owner.   safe_directory: git's configuration allows it anyway.
        uid: owner of root.   writable: the user may write root.
        conflicts: checksum conflicts.   newest_go: highest go line among cached requirements, "" unknown.
        in_goroot, in_gopath_src: lies below GOROOT, or below GOPATH/src.
        generate: location of `//go:generate` lines with the program called in text (at most 10).
        newer_directives: directives of go.mod that not every Go knows ("toolchain", since "1.21").
        has_main: some package of it is a program (True where that was not looked at).
        go_sum_errors: lines of go.sum that Go refuses (at most 10).
        git_errors: lines of git's configuration that git refuses, and files of it that it may not read (line 0): no git command works.
        git_dir: what GIT_DIR names: "repository", "bare", "" for nothing that git takes.
    """

    root: str
    go_mod: str = ""
    current: bool = False
    module: str = ""
    go: str = ""
    go_location: Optional[Location] = None
    toolchain: str = ""
    toolchain_location: Optional[Location] = None
    errors: tuple[Location, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    work: Optional[GoWork] = None
    go_sum: str = ""
    vendor: Optional[Vendor] = None
    cgo: tuple[CgoUse, ...] = ()
    std_imports: tuple[Import, ...] = ()
    vcs: str = ""
    vcs_uid: int = 0
    safe_directory: bool = False
    uid: int = 0
    writable: bool = True
    conflicts: tuple[ChecksumConflict, ...] = ()
    newest_go: str = ""
    in_goroot: bool = False
    in_gopath_src: bool = False
    generate: tuple[Location, ...] = ()
    newer_directives: tuple[Import, ...] = ()
    has_main: bool = True
    go_sum_errors: tuple[Location, ...] = ()
    git_errors: tuple[Location, ...] = ()
    git_dir: str = ""
