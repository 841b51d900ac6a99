"""Programs, trees of Go, packages and snaps: what is installed, and whether this user can run it."""

from typing import NamedTuple, Optional

from gosteward.snapshot.places import Location


class Elf(NamedTuple):
    """What an ELF header says.

    Attributes:
        bits: 32 or 64; 0 if the class byte is invalid.
        goarch: GOARCH that the machine field stands for ("arm64"); "elf-machine-N" for a CPU without a Go port.
        interpreter: path in PT_INTERP, "" for a static program.
        interpreter_exists: whether that path is there (True for a static program).
        needed: DT_NEEDED names.
        needed_versions: symbol versions asked of libraries, such as "GLIBC_2.34".
        truncated: the file ends before a segment or the section table that its header promises.
        expected_size: bytes that the headers promise at least.
        go_version: "go1.26.8" from the build information, "" if there is none.
        build_settings: ("GOAMD64=v3", "CGO_ENABLED=1", ...) from the build information.
        main_path: package path of the program from the build information, such as "cmd/go".
    """

    bits: int = 64
    goarch: str = ""
    interpreter: str = ""
    interpreter_exists: bool = True
    needed: tuple[str, ...] = ()
    needed_versions: tuple[str, ...] = ()
    truncated: bool = False
    expected_size: int = 0
    go_version: str = ""
    build_settings: tuple[str, ...] = ()
    main_path: str = ""


class Link(NamedTuple):
    """One symbolic link: `path` holds the text `target`."""

    path: str
    target: str


class Blocker(NamedTuple):
    """The first thing on the way that keeps the examined user from a file.

    Attributes:
        path: the component of the path, or the mount point, that says no.
        reason: "mode" (no x bit for anybody who matters), "directory" (no search right), "acl" (the ACL's mask or an entry),
            "noexec" (mount option), "owner" (only its owner may), "selinux".
        mode: permission bits of `path`, 0 to 0o7777.
        owner, group: names, or numbers as text where there is no name.
    """

    path: str
    reason: str
    mode: int = 0
    owner: str = ""
    group: str = ""


class Binary(NamedTuple):
    """A file that is, or should be, a program; also a broken link with a program's name.

    Attributes:
        path: as found (on PATH: directory + "/go").
        real_path: through all links; "" when a link is broken or loops.
        links: the chain of links that was followed, first one first.
        kind: "elf", "script", "pe", "macho", "html", "archive", "text", "empty", "directory", "special", "missing" (broken
            link), "loop", "unreadable" (nobody may read it, so the kind is unknown).
        size: bytes.  mode: 0 to 0o7777.  uid, gid: numbers.  mtime: seconds since the epoch.
        executable: the examined user may execute it.  blocked_by: if not, the first reason.
        acl: entries in getfacl's text form, with "#effective" rights where the mask cuts; () without an extended ACL.
        selinux_label: "" where there is none.
        mount_point, mount_options: of the file system that the real file lies on.
        script_interpreter: first word behind `#!`; carriage returns are kept.   script_interpreter_exists: that file is there.
        starts: for a wrapper: the program that gets its arguments ("$@"), with the line that says so ("/opt/go/bin/go:3"), where that
            is an absolute path in plain sight; else "".   starts_exists: that program is there.
        origin: "official", "distribution", "snap", "toolchain-module", "source", "version-manager", "gccgo", "windows",
            "unknown".   package: "golang-1.19-go 1.19.8-2" where a package owns it.
        goroot: real path of the Go tree that it belongs to, "" if to none.
        version: "go1.26.8" as far as known without running it (VERSION of the tree, or build information).
        head: first bytes as printable text (60 characters) for kinds that are not programs.
    """

    path: str
    real_path: str = ""
    links: tuple[Link, ...] = ()
    kind: str = "elf"
    size: int = 0
    mode: int = 0o755
    uid: int = 0
    gid: int = 0
    mtime: float = 0.0
    executable: bool = True
    blocked_by: Optional[Blocker] = None
    acl: tuple[str, ...] = ()
    selinux_label: str = ""
    mount_point: str = ""
    mount_options: tuple[str, ...] = ()
    script_interpreter: str = ""
    origin: str = "unknown"
    package: str = ""
    goroot: str = ""
    version: str = ""
    head: str = ""
    elf: Optional[Elf] = None
    script_interpreter_exists: bool = True
    starts: str = ""
    starts_exists: bool = True


class GoTree(NamedTuple):
    """A directory that is, or looks like, a GOROOT.

    Attributes:
        path: as found ("/usr/local/go").   real_path: through all links.  links: the chain, first one first.
        version: "go1.26.8" from the first line of VERSION; "" without one.   goarch: of bin/go.
        origin, package: as in `Binary`.   go: bin/go, None where there is none.
        tools: compile, link, asm, vet, cgo ... below pkg/tool/GOOS_GOARCH (a sample of at most 20), with mode and ELF facts.
        missing: files that every complete tree has and this one lacks, relative to the tree ("pkg/tool/linux_amd64/compile", "src/runtime/proc.go").
        left_over: files of another release that this one does not have, relative, at most 20.   left_over_version: "go1.25".
        stray_links: links inside the tree that point to another Go tree or back up (what `ln -sf` leaves).
        unsearchable: directories of the tree, relative or above it, that the examined user cannot search.
        not_executable: relative paths of programs without an x bit for their readers.   not_executable_modes: of the same, in order.
        world_writable: relative paths, at most 20, that anybody may write.   uid: owner of the directory.
        has_src: src/runtime is there.   cgo_default: "0"/"1" if go.env or a zbootstrap file pins it, else "".
        on_path_of: names of the contexts that find this tree's go first.
    """

    path: str
    real_path: str = ""
    links: tuple[Link, ...] = ()
    version: str = ""
    goarch: str = ""
    origin: str = "unknown"
    package: str = ""
    go: Optional[Binary] = None
    tools: tuple[Binary, ...] = ()
    missing: tuple[str, ...] = ()
    left_over: tuple[str, ...] = ()
    left_over_version: str = ""
    stray_links: tuple[Link, ...] = ()
    unsearchable: tuple[str, ...] = ()
    not_executable: tuple[str, ...] = ()
    world_writable: tuple[str, ...] = ()
    uid: int = 0
    mode: int = 0o755
    has_src: bool = True
    on_path_of: tuple[str, ...] = ()
    cgo_default: str = ""
    not_executable_modes: tuple[int, ...] = ()


class Package(NamedTuple):
    """An installed distribution package that matters to Go or cgo.

    Attributes:
        manager: "dpkg", "rpm", "apk", "pacman".   role: "go", "go-src", "gccgo", "c-compiler", "libc-headers", "pkg-config",
            "other".   status: "installed", "half-installed", "removed".
    """

    manager: str
    name: str
    version: str = ""
    role: str = "other"
    status: str = "installed"


class Snap(NamedTuple):
    """An installed snap: its name, version, confinement ("classic", "strict") and mount directory."""

    name: str
    version: str = ""
    confinement: str = ""
    path: str = ""


class CompilerTool(NamedTuple):
    """A program of the C toolchain as one context finds it.

    Attributes:
        role: "cc", "cxx", "ld", "pkg-config", "git".   command: what is asked for ("gcc", or the value of CC).
        path: where PATH finds it, "" if nowhere.   target: GOARCH it compiles for, "" if unknown.
        location: where CC, CXX or PKG_CONFIG was set; None for the default.   context: name of the context.
        closed: without a path: a file of that name that this context would find if it could be executed, links resolved, "" if none.
        closed_mode: its permission bits.
    """

    role: str
    command: str
    path: str = ""
    target: str = ""
    location: Optional[Location] = None
    context: str = ""
    closed: str = ""
    closed_mode: int = 0


class LoaderFault(NamedTuple):
    """A library that a variable of the dynamic loader puts before the host's own, and over which a program does not start.

    Attributes:
        variable: "LD_LIBRARY_PATH" or "LD_PRELOAD".   value: the whole value.   file: the library.
        part: the directory, or the file, that the value should do without.
        reason: "damaged" (no whole ELF file), "libc" (not the C library that the host's loader belongs to), "old" (lacks a version that
            the program asks for), "glibc" (wants a newer glibc than the host has).
        role: "go", or as in `CompilerTool`.   program: its path.
    """

    variable: str
    value: str
    file: str
    part: str
    reason: str
    role: str
    program: str


class CToolchain(NamedTuple):
    """The C toolchain as cgo would find it from the user's own login and terminal contexts.

    Attributes:
        tools: one per role and context.   headers: which of stdlib.h, errno.h, pthread.h, netdb.h are found.
        missing_headers: which are not, in the include directories of the compiler that is there.
        include_directories: where was looked.   pkg_config_directories: default search path of pkg-config that exists.
        pkg_config_names: names of all .pc files found there (without ".pc").
        pkg_config_listed: for each directory that PKG_CONFIG_PATH or PKG_CONFIG_LIBDIR of a context names: itself and the names
            of the .pc files in it (none where it is missing).
        absent_headers: headers that files of the examined projects include, and that are in none of include_directories.
        absent_libraries: words of CGO_LDFLAGS ("-lclntsh") whose library is in no directory of that value, nor in one that linkers search;
            "-static" where there is no libc.a.
        loader_faults: what LD_LIBRARY_PATH and LD_PRELOAD of these contexts do to go and to the programs above (at most 10).
    """

    tools: tuple[CompilerTool, ...] = ()
    headers: tuple[str, ...] = ()
    missing_headers: tuple[str, ...] = ()
    include_directories: tuple[str, ...] = ()
    pkg_config_directories: tuple[str, ...] = ()
    pkg_config_names: tuple[str, ...] = ()
    pkg_config_listed: tuple[tuple[str, tuple[str, ...]], ...] = ()
    absent_headers: tuple[str, ...] = ()
    absent_libraries: tuple[str, ...] = ()
    loader_faults: tuple[LoaderFault, ...] = ()
