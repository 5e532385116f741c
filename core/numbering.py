"""Document numbers.

Gapless where the law wants it (a locked row, last in the transaction); else a sequence.
"""

from django.db import connection, migrations

from core import locks
from core.uow import require_uow


@require_uow
def draw_gapless(series: str, *, prefix: str, count: int = 1) -> list[str]:
    """The next `count` numbers of a series without gaps. Rank 90: nothing but the commit may follow."""
    locks.climb(locks.Rank.NUMBERING, [series])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_numberseries (code, prefix, next_value) VALUES (%s, %s, 1 + %s) "
            "ON CONFLICT (code) DO UPDATE SET next_value = core_numberseries.next_value + %s "
            "RETURNING prefix, next_value",
            [series, prefix, count, count],
        )
        used_prefix, following = cursor.fetchone()
    return [f"{used_prefix}{n}" for n in range(following - count, following)]


def draw(series: str, *, prefix: str, count: int = 1) -> list[str]:
    """The next `count` numbers from the series' sequence: no lock, gaps after a rollback."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s::regclass) FROM generate_series(1, %s)", [_sequence(series), count])
        return [f"{prefix}{n}" for (n,) in cursor.fetchall()]


class CreateSequence(migrations.RunSQL):
    """A room's migration declares its series: `CreateSequence("order", start=100_001)`."""

    def __init__(self, series: str, start: int = 100_001) -> None:
        name = _sequence(series)
        super().__init__(f"CREATE SEQUENCE {name} START WITH {start}", f"DROP SEQUENCE {name}")
        self.series, self.start = series, start

    def deconstruct(self) -> tuple[str, list[object], dict[str, object]]:
        return self.__class__.__qualname__, [self.series], {"start": self.start}


def _sequence(series: str) -> str:
    if not series.isidentifier():
        raise ValueError(f"{series!r} is not a series name")
    return f"number_{series}_seq"
