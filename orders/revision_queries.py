"""Reads of an order's revisions, for its pages and the API."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Max

from orders.models import LineSplit, Order, OrderRevision
from orders.rules.wishes import Change

OUTSIDE = frozenset({"portal", "api"})
HOUSE = "our team"


@dataclass(frozen=True)
class RevisionView:
    """One amendment for people; `money_effect` is the change of the goods' total."""

    number: int
    at: datetime
    by: str
    reason: str
    changes: tuple[Change, ...]
    money_effect: Decimal
    currency: str
    is_by_customer: bool = False

    @property
    def by_outside(self) -> str:
        """Who did it, for the customer and the rep: of the house no names."""
        return self.by if self.is_by_customer else HOUSE


def revisions_of(order_id: int) -> tuple[RevisionView, ...]:
    """Newest first. One statement."""
    rows = OrderRevision.objects.filter(order_id=order_id).order_by("-number")
    return tuple(
        RevisionView(
            row.number,
            row.at,
            row.actor_label,
            row.reason,
            tuple(Change(c["label"], c["before"], c["after"]) for c in row.changes),
            row.money_effect,
            row.currency,
            row.channel in OUTSIDE and row.on_behalf_of is None,
        )
        for row in rows
    )


def last_revision(order_id: int) -> int:
    """0 for an order that was never amended."""
    return OrderRevision.objects.filter(order_id=order_id).aggregate(last=Max("number"))["last"] or 0


def texts_of(order_id: int) -> tuple[str, str]:
    """(note, release number)."""
    note, release = Order.objects.filter(pk=order_id).values_list("note", "release_number").get()
    return note, release


def people_of(order_ids: Iterable[int]) -> dict[int, frozenset[int]]:
    """{order id: users who want to know}: who entered it, and the reps of its lines. Two statements."""
    ids = set(order_ids)
    found: dict[int, set[int]] = {i: set() for i in ids}
    for pk, user_id in Order.objects.filter(pk__in=ids, entered_by__isnull=False).values_list("id", "entered_by_id"):
        found[pk].add(user_id or 0)
    reps = LineSplit.objects.filter(line__order_id__in=ids).values_list("line__order_id", "rep__user_id").distinct()
    for order_id, user_id in reps:
        found[order_id].add(user_id)
    return {i: frozenset(users) for i, users in found.items()}
