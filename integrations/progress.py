"""How far a job is, for whoever waits: kept beside the transaction, which shows nothing before it ends."""

from django.core.cache import cache

_KEPT = 600  # seconds


def tell(upload_id: int, part: float, rows: int) -> None:
    """`part` from 0 to 1."""
    cache.set(_key(upload_id), (min(max(part, 0.0), 1.0), rows), _KEPT)


def told(upload_id: int) -> tuple[float, int]:
    """(part done, rows done); (0, 0) where nobody has told."""
    found: tuple[float, int] = cache.get(_key(upload_id)) or (0.0, 0)
    return found


def forget(upload_id: int) -> None:
    cache.delete(_key(upload_id))


def _key(upload_id: int) -> str:
    return f"import-progress:{upload_id}"
