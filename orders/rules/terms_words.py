"""Which payment terms words most likely mean: a guess that a person confirms, never one that is taken by itself."""

import re
from collections.abc import Sequence

Named = tuple[str, str]  # code, name


def likely(said: str, terms: Sequence[Named]) -> list[Named]:
    """All of the terms, the likeliest first: those that share most numbers with what was said, then most words, then by
    code."""

    def rank(one: Named) -> tuple[int, int, str]:
        numbers, words = _parts(f"{one[0]} {one[1]}")
        return -len(numbers & said_numbers), -len(words & said_words), one[0]

    said_numbers, said_words = _parts(said)
    return sorted(terms, key=rank)


def _parts(text: str) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(re.findall(r"\d+", text)), frozenset(re.findall(r"[^\W\d_]{2,}", text.casefold()))
