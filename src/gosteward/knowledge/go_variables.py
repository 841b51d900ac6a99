"""Names of the variables that the go command looks at, in any release from 1.12 to 1.26. A pure table, as of 2026-11.

Sources: internal/cfg/cfg.go (`KnownEnv`) of each release; `go help environment`; runtime package documentation.
"""

from __future__ import annotations

# `go env -w` accepts them; the environment, the goenv file and GOROOT/go.env may all have them.
_SETTABLE = """
    AR CC CXX FC GCCGO PKG_CONFIG CGO_ENABLED CGO_CFLAGS CGO_CFLAGS_ALLOW CGO_CFLAGS_DISALLOW CGO_CPPFLAGS
    CGO_CPPFLAGS_ALLOW CGO_CPPFLAGS_DISALLOW CGO_CXXFLAGS CGO_CXXFLAGS_ALLOW CGO_CXXFLAGS_DISALLOW CGO_FFLAGS
    CGO_FFLAGS_ALLOW CGO_FFLAGS_DISALLOW CGO_LDFLAGS CGO_LDFLAGS_ALLOW CGO_LDFLAGS_DISALLOW GO111MODULE GO386
    GOAMD64 GOARCH GOARM GOARM64 GOAUTH GOBIN GOCACHE GOCACHEPROG GOEXE GOEXPERIMENT GOFIPS140 GOFLAGS GOGCCFLAGS
    GOHOSTARCH GOHOSTOS GOINSECURE GOMIPS GOMIPS64 GOMODCACHE GONOPROXY GONOSUMDB GOOS GOPATH GOPPC64 GOPRIVATE
    GOPROXY GORISCV64 GOROOT GOSUMDB GOTMPDIR GOTOOLCHAIN GOTOOLDIR GOVCS GOWASM GOWORK GO_EXTLINK_ENABLED
"""
SETTABLE = frozenset(_SETTABLE.split())
# Only the environment counts: `go env -w` refuses them, and a line in the goenv file does nothing.
_ENVIRONMENT_ONLY = """
    GOENV GODEBUG GOGC GOMAXPROCS GOMEMLIMIT GOTRACEBACK GORACE GOCOVERDIR GOTELEMETRYDIR GOROOT_FINAL
    GOROOT_BOOTSTRAP GOSSAFUNC
"""
ENVIRONMENT_ONLY = frozenset(_ENVIRONMENT_ONLY.split())


def known(name: str, *, environment: bool = True) -> bool:
    """Whether Go looks at a variable of this name, in the environment or (environment=False) in a file of settings."""
    return name in SETTABLE or (environment and name in ENVIRONMENT_ONLY)
