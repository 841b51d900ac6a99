"""Readers of what the go command says of a module that it checks out: repositories and their servers have a say in all of it."""

from __future__ import annotations

from fuzz.target import Target
from gosteward.modules.checkout import judging, questions

MODULE = "git.corp.example/team/text"


def _said(data: bytes) -> object:
    found = questions.said(data)
    return found, questions.error_of(found), questions.listing(found), questions.info(found)


def _judged(data: bytes) -> object:
    text = data.decode("utf-8", "replace")
    found = judging.refusal(text, MODULE, "v1.2.3", ("/srv/checkout/",))
    if found.status not in (403, 404, 502, 504):
        raise AssertionError(found)
    return found, judging.too_new_for(text)


TARGETS = {
    "checkout-answer": Target(
        _said, words='{ } [ ] "Path" "Version" "Versions" "Time" "Origin" "Error" "Err" : , "v1.2.3" null'
    ),
    "checkout-error": Target(
        _judged,
        words="# cd ; git ls-remote invalid version: unknown revision exit status 128 not found protocol found for repository requires go >= (running go",
    ),
}
