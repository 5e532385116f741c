from enum import StrEnum


class PriceLevel(StrEnum):
    """Where a price comes from, most binding first: the first level that has one wins (domain.md §3)."""

    OVERRIDE = "override"
    QUOTE = "quote"
    ACCOUNT = "account"
    GROUP = "group"
    SEGMENT = "segment"
    LIST = "list"


PRECEDENCE: dict[str, int] = {level: rank for rank, level in enumerate(PriceLevel)}
