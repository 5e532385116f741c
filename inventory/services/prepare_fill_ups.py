"""What was allocated to fill-ups becomes transfers: the claims go into the warehouse's hands, a transfer per center."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from core import journal
from core.actors import Actor
from core.numbering import draw
from core.quantity import plain
from core.uow import door_verb
from inventory.models import FillUpLine, Site, Transfer, TransferLine
from inventory.rules.asks import ClaimedStock
from inventory.services.places import today_at
from inventory.services.release_claims import release_claims
from inventory.services.request_transfer import transfer_ref

Route = tuple[int, int, str]  # source, target, fill-up


@door_verb
def prepare_fill_ups(*, site_ids: Collection[int] | None = None, actor: Actor, now: datetime) -> list[int]:
    """The transfers made, ready to be shipped. Again at once it makes none: a claim travels once."""
    lines = FillUpLine.objects.filter(demand__allocated_qty__gt=0).select_related("fill_up")
    if site_ids is not None:
        lines = lines.filter(fill_up__site__in=list(site_ids))
    bound_for = {x.demand_id: (x.fill_up.site_id, x.fill_up.number) for x in lines}
    if not bound_for:
        return []
    released = release_claims(sorted(bound_for), now=now)
    routes: dict[Route, list[ClaimedStock]] = defaultdict(list)
    for demand_id, claims in released.items():
        target, number = bound_for[demand_id]
        for claim in claims:
            routes[claim.site_id, target, number].append(claim)
    return _insert(routes, actor=actor, now=now) if routes else []


def _insert(routes: dict[Route, list[ClaimedStock]], *, actor: Actor, now: datetime) -> list[int]:
    sites = {s.pk: s for s in Site.objects.filter(pk__in={i for route in routes for i in route[:2]})}
    numbers = draw("transfer", prefix="TR-", count=len(routes))
    rows = Transfer.objects.bulk_create(
        Transfer(
            number=number,
            request_key=f"{fill_up} claim {min(c.claim_id for c in claims)}",
            from_site=sites[source],
            to_site=sites[target],
            expected_date=today_at(sites[source], now) + timedelta(days=max(1, sites[source].transit_days)),
            reason=f"Fill-up {fill_up}",
            requested_at=now,
            requested_by=actor.label,
        )
        for number, ((source, target, fill_up), claims) in zip(numbers, routes.items(), strict=True)
    )
    TransferLine.objects.bulk_create(
        TransferLine(transfer=row, product_id=c.product_id, lot_id=c.lot_id, qty=c.qty, claim_id=c.claim_id)
        for row, claims in zip(rows, routes.values(), strict=True)
        for c in claims
    )
    entries = []
    for row, claims in zip(rows, routes.values(), strict=True):
        words = f"{_units(claims)} from {row.from_site} to {row.to_site}, {row.reason}"
        entries.append(journal.Entry(transfer_ref(row), "requested", words))
    journal.write(entries, actor=actor, now=now)
    return [row.pk for row in rows]


def _units(claims: Iterable[ClaimedStock]) -> str:
    return plain(sum((c.qty for c in claims), Decimal(0)))
