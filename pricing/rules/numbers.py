"""Numbers for people."""

from decimal import Decimal
from functools import lru_cache


@lru_cache(maxsize=4096)
def plain(number: Decimal) -> str:
    """Without the zeros the column's scale adds: 9.500000 is 9.5."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
