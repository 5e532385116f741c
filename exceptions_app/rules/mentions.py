"""Whom a comment names: "@ann", "@ann.lee@example.com"."""

import re

_MENTION = re.compile(r"(?<![\w.])@([\w.+-]+(?:@[\w-]+(?:\.[\w-]+)+)?)")


def names_in(text: str) -> list[str]:
    """The names after an @, each once, in the order of the text; a full stop that ends the sentence is none of theirs."""
    return list(dict.fromkeys(found.rstrip(".") for found in _MENTION.findall(text)))
