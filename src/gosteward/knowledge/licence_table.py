"""The words of well-known licences, as digests: see `licences`. Pure.

Taken from the licences' own texts. A part is how many words may be in front of it, and its forms: the first three words, how many there are, and the
beginning of the SHA-256 of all, with spaces between. A licence of the name "" is what makers of a licence let others add to it.
"""

from __future__ import annotations

from typing import Tuple

Form = Tuple[str, int, str]
Part = Tuple[int, Tuple[Form, ...]]

PARTS: tuple[tuple[str, tuple[Part, ...]], ...] = (
    ("MIT", ((0, (("permission is hereby", 161, "3346c203353b286e"),)),)),
    (
        "BSD-3-Clause",
        (
            (0, (("redistribution and use", 68, "07ea5349791015bb"),)),
            (0, (("neither the name", 4, "ac28e619b9d55c27"),)),
            (14, (("nor the names", 23, "27500aec76007432"),)),
            (
                0,
                (
                    ("this software is", 112, "cbb0c5926831a658"),
                    ("this software is", 115, "79f92e63949aa648"),
                    ("this software is", 115, "cc34d7ccbd2c71d6"),
                ),
            ),
        ),
    ),
    (
        "BSD-2-Clause",
        (
            (0, (("redistribution and use", 68, "07ea5349791015bb"),)),
            (
                0,
                (
                    ("this software is", 112, "cbb0c5926831a658"),
                    ("this software is", 115, "79f92e63949aa648"),
                    ("this software is", 115, "cc34d7ccbd2c71d6"),
                ),
            ),
        ),
    ),
    (
        "BSD-3-Clause",
        (
            (0, (("redistribution and use", 68, "07ea5349791015bb"),)),
            (0, (("the names of", 23, "077a94ecfd4c13a5"),)),
            (
                0,
                (
                    ("this software is", 112, "cbb0c5926831a658"),
                    ("this software is", 115, "79f92e63949aa648"),
                    ("this software is", 115, "cc34d7ccbd2c71d6"),
                ),
            ),
        ),
    ),
    ("ISC", ((0, (("permission to use", 111, "280d76b420aeff51"), ("permission to use", 112, "217da0747cec63a2"))),)),
    ("Apache-2.0", ((0, (("apache license version", 1386, "52b32e300a0ecb69"),)),)),
    ("Apache-2.0", ((0, (("licensed under the", 81, "76b74bae095290b0"),)),)),
    ("", ((0, (("appendix how to", 83, "c8adb5fbed26abfd"), ("end of terms", 88, "53ce37fe6d257640"))),)),
    ("", ((0, (("end of terms", 5, "9f4a72c489c21471"),)),)),
    (
        "MPL-2.0",
        (
            (
                0,
                (
                    ("mozilla public license", 2236, "4d749cb04f6c8bab"),
                    ("mozilla public license", 2263, "b80f1b4963aab664"),
                ),
            ),
        ),
    ),
    ("GPL-2.0", ((0, (("gnu general public", 2434, "266b86a7bdcf1f60"),)),)),
    ("", ((0, (("how to apply", 456, "0bf6ac67e12fb7ba"),)),)),
    ("GPL-3.0", ((0, (("gnu general public", 5020, "592320cc8a7f1787"),)),)),
    ("", ((0, (("how to apply", 430, "6c6df5d77c06a36a"),)),)),
    ("LGPL-2.1", ((0, (("gnu lesser general", 3911, "934101ef7d53f1af"),)),)),
    ("LGPL-3.0", ((0, (("gnu lesser general", 1166, "53284c8f5014a69d"),)),)),
    ("AGPL-3.0", ((0, (("gnu affero general", 4974, "fe151e7886599e21"),)),)),
    ("", ((0, (("how to apply", 352, "2c4880038fe9db23"),)),)),
    ("", ((0, (("how to apply", 327, "6777235d7a5a34f7"),)),)),
    ("CC0-1.0", ((0, (("statement of purpose", 966, "935daa6a4e4f1681"),)),)),
)
