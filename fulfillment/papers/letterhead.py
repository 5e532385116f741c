"""Who sends what is printed."""

from django.conf import settings

from core.demo import is_demo

DEMO = "Holdfast Demo Supply, Inc.|2200 Harbor Way, Suite 4|Columbus, OH 43215"


def letterhead() -> tuple[str, ...]:
    """Name and address, a line each, of `OMS_SELLER`; empty where it is not set. A demo has one of its own."""
    text = str(settings.SELLER) or (DEMO if is_demo() else "")
    return tuple(line.strip() for line in text.split("|") if line.strip())
