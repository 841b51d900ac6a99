"""fish's profile of its start, joined with the trace: which line of which file took how long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gosteward.shells import fish_profile

HOME = "/home/dev"
CONFIG = f"{HOME}/.config/fish/config.fish"
FILES = {
    CONFIG: [
        "sleep 1",
        "function sleep_twice",
        "    sleep 1",
        "end",
        "if true",
        "    sleep 1",
        "end",
        "source $more",
        "echo one \\",
        "  two (sleep 1)",
        "ask | source",
    ],
    f"{HOME}/more.fish": ["sleep 1"],
}
TRACE = (
    "> source /usr/share/fish/config.fish\n---> source /home/dev/.config/fish/conf.d/quick.fish\n"
    f"> source {CONFIG}\n--> sleep 1\n--> source {HOME}/more.fish\n----> sleep 1\n"
)
OLD = (
    "Time\tSum\tCommand\n"
    "90\t5000000\t> builtin source /usr/share/fish/config.fish\n"
    "90\t90\t--> source $file\n"
    f"5\t5000000\t> builtin source {CONFIG}\n"
    "400000\t400000\t-> sleep 1\n"
    "7\t7\t-> function sleep_twice...\n"
    "9\t1100009\t-> if true...\n"
    "0\t0\t--> true\n"
    "1100000\t1100000\t--> sleep 1\n"
    "10000\t1210000\t-> source $more\n"
    "1200000\t1200000\t--> sleep 1\n"
    "-3\t1300000\t-> echo one \\\n  two (sleep 1)\n"
    "1299000\t1299000\t--> sleep 1\n"
    "2\t150000\t-> ask | source\n"
    "149000\t149000\t--> sleep 1\n"
    "50000\t50000\t-> not seen in the file\n"
)
NEW = (
    "Time (\u03bcs)   Sum (\u03bcs)  Command\n"
    f"         5    5000000 > source {CONFIG}\n"
    "    400000     400000 -> sleep 1\n"
    "        -3    1300000 -> echo one \\\n                            two (sleep 1)\n"
    "   1299000    1299000 --> sleep 1\n"
)
PIECES = st.sampled_from(
    ["Time\tSum\tCommand\n", "1\t900000\t> source ~/a\n", "1\t900000\t-> ", "--> ", "source ~/a\n", "source $x", "if true...\n", "end\n",
     "900000 ", "\t", "\n", "(", "'", "\\", "for x in y", "\udcff", "..."]
)  # fmt: skip
HOSTILE = st.lists(PIECES | st.text(max_size=6), max_size=60).map("".join)


def lines_of(path: str) -> list[str]:
    return FILES.get(path, [])


def told(log: str) -> dict[tuple[str, int], float]:
    return {place: round(seconds, 3) for place, seconds in fish_profile.seconds(log, HOME, lines_of).items()}


def test_each_line_has_its_own_time_and_that_of_what_it_calls() -> None:
    found = told(TRACE + OLD + "> set -g fish_trace\n")
    assert {place: seconds for place, seconds in found.items() if seconds >= 0.001} == {
        (CONFIG, 1): 0.4,
        (CONFIG, 6): 1.1,
        (CONFIG, 8): 0.01,
        (f"{HOME}/more.fish", 1): 1.2,
        (CONFIG, 9): 1.3,
        (CONFIG, 11): 0.15,
    }


def test_the_columns_of_fish_4_are_read_too() -> None:
    assert told(TRACE + NEW) == {(CONFIG, 1): 0.4, (CONFIG, 9): 1.3}


def test_without_a_profile_nothing_is_told() -> None:
    assert told(TRACE) == {}


def test_a_fish_before_the_option_is_not_given_it() -> None:
    assert fish_profile.can_profile(b"\0profile-startup\0profile\0")
    assert fish_profile.can_profile("profile-startup".encode("utf-32-le"))
    assert not fish_profile.can_profile(b"\0profile\0init-command\0")


@given(HOSTILE)
def test_no_text_makes_the_parser_fail(text: str) -> None:
    found = fish_profile.seconds(text, HOME, lambda _: text.split("\n"))
    assert all(line >= 1 and seconds >= 0 for (_, line), seconds in found.items())
