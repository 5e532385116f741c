"""The override log looked at from several sides: what it cost, and what an auditor asks. Reads only, one statement each."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

MOST = 200


@dataclass(frozen=True)
class Leak:
    """What one user, reason, customer, kind or month gave away (below 0) in a currency."""

    key: str
    label: str
    currency: str
    count: int
    given_away: Decimal
    gained: Decimal
    unreviewed: int


# what is grouped by: (key, label) as SQL over an entry `e`
SIDES: dict[str, tuple[str, str]] = {
    "user": ("e.actor_label", "e.actor_label"),
    "reason": ("e.reason_code", "e.reason_code"),
    "customer": ("COALESCE(e.account_id, 0)::text", "COALESCE(e.account_id, 0)::text"),
    "kind": ("e.kind", "e.kind"),
    "month": ("to_char(e.at, 'YYYY-MM')", "to_char(e.at, 'YYYY-MM')"),
}
_IS_LOST = "e.kind <> ALL(%(room)s::text[])"
_LEAKS = """
SELECT {key}, {label}, e.currency, count(*), COALESCE(sum(e.money_effect) FILTER (WHERE e.money_effect < 0 AND {lost}), 0),
       COALESCE(sum(e.money_effect) FILTER (WHERE e.money_effect > 0 AND {lost}), 0),
       count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM core_overridereview r WHERE r.entry_id = e.id))
  FROM core_overrideentry e WHERE e.at >= %(since)s AND e.at < %(until)s
 GROUP BY 1, 2, 3 ORDER BY {order} LIMIT %(most)s
"""


def leaks(side: str, *, since: datetime, until: datetime, room: Sequence[str] = ()) -> list[Leak]:
    """The largest first, months in their order. Overrides of the kinds `room` are counted without their money: they gave
    room (a limit), not money. Raises KeyError for a side there is none of."""
    key, label = SIDES[side]
    order = "1" if side == "month" else "5, 4 DESC"
    statement = _LEAKS.format(key=key, label=label, order=order, lost=_IS_LOST)
    return [Leak(*row) for row in _rows(statement, since, until, room)]


_TOTALS = f"""
SELECT e.currency, sum(e.money_effect) FROM core_overrideentry e
 WHERE e.at >= %(since)s AND e.at < %(until)s AND e.money_effect < 0 AND e.currency <> '' AND {_IS_LOST}
 GROUP BY 1 ORDER BY 1
"""


def given_away(*, since: datetime, until: datetime, room: Sequence[str] = ()) -> list[tuple[str, Decimal]]:
    """All of it by currency, below 0: also what the largest sides of `leaks` leave out."""
    return [(currency, money) for currency, money in _rows(_TOTALS, since, until, room)]


@dataclass(frozen=True)
class Line:
    """A row of an auditor's view: the entry it leads to (0: none) and what is told."""

    entry_id: int
    cells: tuple[Any, ...]


_BY_APPROVER = """
SELECT 0, e.approver_label, count(*), count(DISTINCT e.actor_label), e.currency, COALESCE(sum(e.money_effect), 0), max(e.at)
  FROM core_overrideentry e WHERE e.at >= %(since)s AND e.at < %(until)s AND e.approver_label <> ''
 GROUP BY e.approver_label, e.currency ORDER BY 3 DESC, 2 LIMIT %(most)s
"""
_SELF_REVERSED = """
SELECT later.id, later.actor_label, later.kind, later.subject_number, earlier.at, later.at, later.money_effect
  FROM core_overrideentry later JOIN core_overrideentry earlier
    ON earlier.actor_label = later.actor_label AND earlier.kind = later.kind AND earlier.subject_kind = later.subject_kind
   AND earlier.subject_id = later.subject_id AND earlier.id < later.id AND earlier.money_effect = -later.money_effect
   AND later.money_effect <> 0
 WHERE later.at >= %(since)s AND later.at < %(until)s ORDER BY later.id DESC LIMIT %(most)s
"""
_ENTRIES = """
SELECT e.id, e.actor_label, e.actor_id, e.actor_roles, e.kind, e.subject_number, e.at, e.money_effect, e.currency,
       e.before, e.after
  FROM core_overrideentry e WHERE e.at >= %(since)s AND e.at < %(until)s ORDER BY e.id DESC LIMIT 20000
"""
_EACH_OTHER = """
SELECT max(one.id), one.actor_label, one.approver_label, count(DISTINCT one.id), count(DISTINCT other.id)
  FROM core_overrideentry one JOIN core_overrideentry other
    ON other.actor_label = one.approver_label AND other.approver_label = one.actor_label
 WHERE one.at >= %(since)s AND one.at < %(until)s AND other.at >= %(since)s AND other.at < %(until)s
   AND one.actor_label < one.approver_label
 GROUP BY 2, 3 ORDER BY 4 DESC LIMIT %(most)s
"""


def by_approver(*, since: datetime, until: datetime) -> list[Line]:
    """Who approved how many, of how many people, worth what."""
    return _lines(_rows(_BY_APPROVER, since, until))


def self_reversed(*, since: datetime, until: datetime) -> list[Line]:
    """Somebody undid for a document what the same person had done: the same money the other way."""
    return _lines(_rows(_SELF_REVERSED, since, until))


def each_other(*, since: datetime, until: datetime) -> list[Line]:
    """Two people who approve one another."""
    return _lines(_rows(_EACH_OTHER, since, until))


@dataclass(frozen=True)
class Entry:
    id: int
    actor: str
    actor_id: int | None
    roles: str
    kind: str
    document: str
    at: datetime
    money_effect: Decimal | None
    currency: str
    before: dict[str, Any]
    after: dict[str, Any]


def entries(*, since: datetime, until: datetime) -> list[Entry]:
    """The newest 20,000 of the period: for questions that need more than the log itself (limits, time zones)."""
    return [Entry(*row[:9], *map(_values, row[9:])) for row in _rows(_ENTRIES, since, until)]


def _values(stored: Any) -> dict[str, Any]:
    found = json.loads(stored) if isinstance(stored, str) else stored
    return dict(found)


_SAMPLE = """
SELECT e.id FROM core_overrideentry e
 WHERE e.at >= %(since)s AND e.at < %(until)s
   AND NOT EXISTS (SELECT 1 FROM core_overridereview r WHERE r.entry_id = e.id)
 ORDER BY md5(e.id::text || %(seed)s) LIMIT %(most)s
"""


def sample(*, since: datetime, until: datetime, seed: str, size: int) -> list[int]:
    """Ids of unreviewed entries, drawn without favour: the same for the same seed until one is reviewed."""
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLE, {"since": since, "until": until, "seed": seed, "most": size})
        return [pk for (pk,) in cursor.fetchall()]


def _rows(statement: str, since: datetime, until: datetime, room: Sequence[str] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"since": since, "until": until, "most": MOST, "room": list(room)})
        return cursor.fetchall()


def _lines(rows: Sequence[tuple[Any, ...]]) -> list[Line]:
    return [Line(int(pk), tuple(cells)) for pk, *cells in rows]
