"""Readers of the host's own formats, of Go's files, and of package databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuzz.target import Target, lines_of, text_of
from fuzz.toolchain_targets import TARGETS as TOOLCHAINS
from gosteward.errors import UsageError
from gosteward.formats import (
    access,
    authorization,
    buildinfo,
    c_targets,
    certificates,
    elf,
    file_kinds,
    gitconfig,
    htpasswd,
    netrc,
    socks5,
    token_list,
)
from gosteward.formats.access import Owned
from gosteward.golang import (
    dirhash,
    goauth,
    goenv,
    goflags,
    gomod,
    gosource,
    gosum,
    goversion,
    meant_values,
    memory_limit,
    modulepaths,
    proxyurls,
    quoted,
    sumdb_head,
    vendoring,
)
from gosteward.knowledge.left_overs import Listing, left_overs, release_time
from gosteward.probes.package_databases import apk, dpkg, pacman, rpm_header, rpm_stores, snaps
from gosteward.snapshot import User

if TYPE_CHECKING:
    from collections.abc import Callable

DEV = User(name="dev", uid=1000, gid=1001, groups=(27,))
TAGS = gosource.machine_tags("amd64", 21)


def _memory_limit(data: bytes) -> object:
    text = text_of(data)
    meant = memory_limit.meant(text)
    assert not meant or memory_limit.size(meant) is not None
    return memory_limit.size(text)


def reader_of(data: bytes) -> Callable[[int, int], bytes]:
    """The bytes as a file of which pieces are read. A real one refuses to read before its start, or less than nothing."""

    def read_at(offset: int, size: int) -> bytes:
        if offset < 0 or size < 0:
            raise AssertionError(f"{size} bytes are read at {offset}")
        return data[offset : offset + size]

    return read_at


def _elf(data: bytes) -> object:
    return elf.parse(reader_of(data), len(data)), elf.goarch_of(data)


def _buildinfo(data: bytes) -> object:
    memory = reader_of(bytes(0x1000) + data)
    return buildinfo.parse(memory, [(0x1000, len(data)), (0x1010, 1 << 60)])


def _access_list(data: bytes) -> object:
    entries = access.parse_acl(data)
    owned = Owned(mode=0o750, uid=0, gid=0, acl=entries)
    return access.acl_lines(entries, str, str), access.execute_denied_by(DEV, owned), access.rights_of(DEV, owned)


def _certificates(data: bytes) -> object:
    return certificates.parse(data), [certificates.parse(der) for der in certificates.from_file(data)]


def _git_configuration(data: bytes) -> object:
    text = text_of(data)
    wanted = gitconfig.values(text, "safe", "directory")
    wrong = gitconfig.first_error(text)
    if not 0 <= wrong <= text.count("\n") + 1:
        raise AssertionError(wrong)
    gitconfig.mended(text[:300])
    return gitconfig.is_safe("/srv/app", wanted, "/home/dev"), gitconfig.values(text, "include", "path")


def _file_start(data: bytes) -> object:
    head = data[: file_kinds.HEAD_SIZE]
    kind, interpreter = file_kinds.kind_of(head), file_kinds.interpreter_of(head)
    return kind, interpreter, file_kinds.shown(head), file_kinds.started_by(data)


def _compiler_command(data: bytes) -> object:
    words = quoted.split(text_of(data)) or ()
    triples = [c_targets.triple_of(word) for word in words]
    return c_targets.target_option(words), [c_targets.goarch_of(triple) for triple in triples]


def _go_source(data: bytes) -> object:
    text = text_of(data)
    header = gosource.header(text)
    return (
        header,
        gosource.holds(header.constraint, TAGS),
        gosource.pkg_config_names(header.preamble, TAGS),
        gosource.included_headers(header.preamble),
        gosource.needed_headers(header.preamble),
    )


def _go_file_name(data: bytes) -> object:
    return gosource.name_fits(text_of(data), TAGS), gosource.name_fits(text_of(data) + ".go", TAGS)


def _module_patterns(data: bytes) -> object:
    patterns, _, path = text_of(data).partition("\n")
    return modulepaths.covers(patterns, path), modulepaths.domain_of(path), proxyurls.sum_database(patterns)


def _netrc(data: bytes) -> object:
    found = netrc.entries(text_of(data))
    sent = netrc.entry_for("a.example:8443/x/y", found)
    if sent is not None and not (
        sent.complete and sent.machine.lower().rstrip("/").endswith(("a.example:8443", "/x", "/y"))
    ):
        raise AssertionError("a password for another place")
    return netrc.machines(text_of(data)), sent


def _proxies(data: bytes) -> object:
    value = text_of(data)
    entries = modulepaths.proxy_list(value)
    problems = [proxyurls.entry_problem(entry) for entry in entries]
    return problems, proxyurls.masked(value), proxyurls.ignored_entries(value), proxyurls.database_problem(value)


def _meant(data: bytes) -> object:
    value = text_of(data)
    found = (
        meant_values.proxies(value),
        meant_values.database(value),
        meant_values.toolchain(value),
        meant_values.target("GOARCH", value),
        meant_values.flags(value),
    )
    assert not found[0] or not any(proxyurls.entry_problem(entry) for entry in modulepaths.proxy_list(found[0]))
    assert not found[1] or not proxyurls.database_problem(found[1])
    assert not found[4] or goflags.fault(found[4]) is None
    return found


def _socks_answer(data: bytes) -> object:
    """The two answers of a proxy, of which the client has read as many bytes as they are long."""
    answers = data.ljust(7, b"\0")
    return socks5.wants_login(answers[:2], login=True), socks5.bytes_behind(answers[2:7])


def _vendored(data: bytes) -> object:
    mod, _, listing = text_of(data).partition("\0")
    return vendoring.differences(gomod.parse(mod), vendoring.parse(listing)), vendoring.of_workspace(listing)


def _version_file(data: bytes) -> object:
    text = text_of(data)
    version, released = text.partition("\n")[0], release_time(text)
    return left_overs(version, released, (Listing("src/runtime", ("old.go", version), (released, 1.0)),))


def _dpkg(data: bytes) -> object:
    return [dpkg.parse(stanza) for stanza in dpkg._split(data)], dpkg.diversions(lines_of(data))


def _rpm_header(data: bytes) -> object:
    header = rpm_header.parse(data)
    return header and (header.name, header.version, header.owns("/usr/lib/golang/bin/go"), header.owns("//"))


def _stored_rpms(data: bytes) -> object:
    store = rpm_stores.ndb_headers if data.startswith(rpm_stores.NDB_MAGIC) else rpm_stores.hash_headers
    spent = 0
    headers = []
    for blob in store(reader_of(data)):
        headers.append(_rpm_header(blob))
        spent += len(blob) + 16
        if spent > 2 * len(data) + (1 << 20):  # the door to the file stops whoever is sent in circles, too
            break
    return headers


MODULES = 'module go require replace exclude retract use toolchain godebug tool ignore ( ) [ ] , => // indirect v1.0.0 ./x " ` \\'


def _credentials(data: bytes) -> object:
    known = goauth.credentials(text_of(data))
    for lines in known.values():
        assert all(line.isprintable() and line.isascii() for line in lines)
    return known, goauth.headers_for("a.example/go/x", known)


TARGETS = {
    "elf": Target(_elf),
    "build-information": Target(_buildinfo),
    "access-list": Target(_access_list),
    "certificates": Target(_certificates, words="-----BEGIN -----END CERTIFICATE----- TRUSTED"),
    "git-configuration": Target(
        _git_configuration, words='[safe] directory = [include] path [safe "x"] \\ " # ; * /srv/app /srv/* ~/'
    ),
    "netrc": Target(
        _netrc, words="machine login password default macdef account x a.example a.example/x a.example:8443"
    ),
    "htpasswd": Target(
        lambda data: htpasswd.parse(data, "users"),
        lines=True,
        errors=(UsageError,),
        words="alice: : $2y$12$ $2b$04$ {SHA} $apr1$ #",
    ),
    "token-list": Target(
        lambda data: token_list.parse(data, "tokens"), lines=True, errors=(UsageError,), words="ci # 8d969eef"
    ),
    "authorization": Target(authorization.presented, words="Basic Bearer YWxpY2U6cmlnaHQ= = : gst_"),
    "goauth": Target(lambda data: goauth.methods(text_of(data)), words="off netrc ; git /srv helper --flag"),
    "goauth-answer": Target(
        _credentials, errors=(ValueError,), words="https://a.example/go \n\n Authorization: Bearer abc \n\n Host: x"
    ),
    "header-file": Target(
        lambda data: goauth.header_file(text_of(data)),
        errors=(ValueError,),
        words="Authorization: Bearer abc \n # Host: : \r",
    ),
    "file-start": Target(_file_start, words='#! exec env "$@" $* /usr/local/go/bin/go A=b ustar <!doctype html <?xml'),
    "compiler-command": Target(_compiler_command, words="-target --target= -m32 aarch64-linux-gnu-gcc-12 ccache ' \""),
    "go-mod": Target(lambda data: gomod.parse(text_of(data)), lines=True, words=MODULES),
    "go-work": Target(lambda data: gomod.parse(text_of(data), gomod.WORK_DIRECTIVES), lines=True, words=MODULES),
    "go-sum": Target(lambda data: gosum.parse(text_of(data)), lines=True, words="h1: /go.mod v1.0.0 example.com/a ="),
    "memory-limit": Target(_memory_limit, words="off 0 B KiB MiB GiB TiB 9223372036854775807"),
    "go-env": Target(lambda data: goenv.in_force(goenv.parse(text_of(data))), lines=True, words="GOPROXY= export # ="),
    "goflags": Target(lambda data: goflags.fault(text_of(data)), words="-mod= -mod=mod -tags= --v ' \""),
    "go-source": Target(
        _go_source,
        words='package import "C" //go:build // +build #cgo pkg-config: CFLAGS: #include <x.h> #if #endif /* */ `',
    ),
    "go-constraint": Target(
        lambda data: gosource.holds(text_of(data), TAGS), words="&& || ! ( ) go1.21 go1.\u00b2 linux cgo amd64"
    ),
    "go-file-name": Target(_go_file_name, words="_linux _amd64 _test .go _ ."),
    "go-version": Target(lambda data: goversion.parse(text_of(data)), words="go 1. rc beta devel"),
    "module-patterns": Target(_module_patterns, words="* ? [ ] [^ , / .example git.corp off sum.golang.org +"),
    "proxies": Target(_proxies, words="https:// http:// file:/// direct off , | ; @ : [::1] + + + sum.golang.org"),
    "meant-values": Target(
        _meant, words="https:/ htps:// ;, , | dirct off sum.golang.com x86_64 1.22 V1.21rc1 +auto -tags 'a \" -mod -v"
    ),
    "socks-answer": Target(_socks_answer, errors=(socks5.RefusedError,)),
    "tree-head": Target(lambda data: sumdb_head.parse(text_of(data)), words="\u2014"),
    "vendored-modules": Target(_vendored, words=MODULES + " # ## explicit; workspace \0"),
    "module-zip": Target(lambda data: dirhash.of_zip(data)),
    "version-file": Target(_version_file, words="go1.26.8 time 2026-08-28T16:20:06Z devel"),
    "dpkg": Target(_dpkg, words="Package: Status: Version: install ok installed unpacked reinstreq"),
    "apk": Target(lambda data: list(apk.parse(text_of(data))), words="P: V: f: F: R: \n\n"),
    "pacman": Target(lambda data: pacman.split_name(text_of(data)), words="-"),
    "rpm-header": Target(_rpm_header),
    "stored-rpms": Target(_stored_rpms, seeds=("probes/package_databases/*.db",), errors=(rpm_stores.StoreError,)),
    **TOOLCHAINS,
    "snap-yaml": Target(lambda data: snaps.parse(lines_of(data)), words="name: version: confinement: ' \" | > #"),
}
