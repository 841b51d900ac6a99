"""Whichever contexts of a user find another go are named."""

from __future__ import annotations

from gosteward.snapshot import Binary, Context, PathEntry, Snapshot, User
from gosteward.toolchains.verifying import views


def context(name: str, go: Binary | None) -> Context:
    return Context(name, "login", search_path=(PathEntry("/empty"), PathEntry("/bin", go=go)))


def test_contexts_that_find_another_go_are_named() -> None:
    ours = Binary("/usr/local/bin/go", goroot="/opt/go/go1.26.8", version="go1.26.8")
    wrapper = Binary("/opt/w/go", kind="script", starts="/opt/go/go1.26.8/bin/go:3")
    other = Binary("/usr/bin/go", goroot="/usr/lib/go", version="go1.19.8")
    closed = other._replace(executable=False)
    contexts = (context("bash-login", ours), context("cron", other), context("sudo", None), context("su", closed))
    snapshot = Snapshot(user=User(name="alice"), contexts=(*contexts, context("wrapped", wrapper)))
    check = views.seen_by(snapshot, "/opt/go/go1.26.8")
    assert str(check.text) == "found by 2 of 5 contexts of alice: bash-login, wrapped; without any go: sudo, su"
    assert (check.status, check.lines) == ("note", ("cron: /usr/bin/go go1.19.8",))
    assert views.in_use(snapshot) == "/opt/go/go1.26.8"
    assert views.seen_by(snapshot, "/x").status == "note"
    assert views.in_use(Snapshot()) == ""
