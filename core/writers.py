"""Totals that many decide on have one home that writes them, and the database refuses everybody else.

A home is a statement: the one that moves stock balances (inventory.services.claim), the one that posts credit
(credit.services.post). It carries `MARKED`, which says that a home writes, for as long as that statement runs and no
longer: a `save()` or an `update()` beside it is refused, also in the same transaction. The triggers of
`core.triggers.written_by` ask for it once a statement. Why so, and what it costs: docs/adr/0015-one-writer.md.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from django.db import connection, models, transaction

MARK = "holdfast.writes"
BY_HAND = "holdfast.by_hand"
ALL = "all"


# A condition that is always true, for a part of the home's statement that is read before it writes.
MARKED = f"(SELECT set_config('{MARK}', statement_timestamp()::text, true)) IS NOT NULL"
# Where the running statement is no home's. Short, because the server reads the condition anew for every statement.
UNMARKED = f"(current_setting('{MARK}', true) IS DISTINCT FROM statement_timestamp()::text)"


def is_by_hand(home: str) -> str:
    return f"coalesce(current_setting('{BY_HAND}', true), '') IN ('{home}', '{ALL}')"


@contextmanager
def by_hand(home: str) -> Iterator[None]:
    """Inside, rows of the home may be written row by row: by a home whose statement is not written by hand (pools), by what
    lays a company's past under it, by a test that needs a row no verb would leave. In one transaction, two statements more.
    """
    with transaction.atomic(savepoint=False):
        _say(home)
        yield
        _say("")  # after an error the transaction ends, and the setting with it


def home_of(model: type[models.Model]) -> AbstractContextManager[None]:
    """For verbs that keep any reference data: inside, rows of the model may be written, also where it names a home of its
    own in `written_by` (pools)."""
    home = getattr(model, "written_by", "")
    return by_hand(home) if home else nullcontext()


def _say(home: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [BY_HAND, home])
