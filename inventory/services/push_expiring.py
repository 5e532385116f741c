"""Lots in trunks and on consignment that come near their expiry: a case once at 90, 60 and 30 days, however often asked."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from core import sql
from core.actors import Actor
from core.clock import local_date
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb
from exceptions_app.rules.asks import CaseSpec
from exceptions_app.services.close_causes import Cause, close_many
from exceptions_app.services.open_case import open_cases
from inventory.exception_kinds import FIELD_EXPIRY
from inventory.rules.field import PUSH_DAYS, push_step

_NEAR = """
    SELECT b.site_id, s.code, s.time_zone, s.account_id, b.lot_id, l.code, p.sku, l.expiry_date, sum(b.on_hand_qty)
    FROM inventory_stockbalance b JOIN inventory_site s ON s.id = b.site_id AND s.kind IN ('trunk', 'consignment')
    JOIN inventory_lot l ON l.id = b.lot_id JOIN catalog_product p ON p.id = b.product_id
    WHERE b.on_hand_qty > 0 AND b.owner = '' AND b.status = 'available' AND s.is_active AND NOT l.is_recalled
      AND l.expiry_date <= %(until)s::timestamptz::date + %(most)s::int
    GROUP BY b.site_id, s.code, s.time_zone, s.account_id, b.lot_id, l.code, p.sku, l.expiry_date
    ORDER BY l.expiry_date, b.site_id, b.lot_id"""
_SAY_ONCE = """
    INSERT INTO inventory_expirynotice (site_id, lot_id, step_days, sent_at)
    SELECT n.site, n.lot, n.step, %(now)s::timestamptz
    FROM unnest(%(sites)s::bigint[], %(lots)s::bigint[], %(steps)s::int[]) AS n(site, lot, step)
    ON CONFLICT (site_id, lot_id, step_days) DO NOTHING RETURNING site_id, lot_id"""


@dataclass(frozen=True)
class _Near:
    site_id: int
    site: str
    time_zone: str
    account_id: int | None
    lot_id: int
    lot: str
    sku: str
    expiry_date: date
    qty: Decimal

    @property
    def ref(self) -> DocumentRef:
        return DocumentRef("lot", self.lot_id, self.lot)

    def cause(self, step: int) -> str:
        return f"{self.site}: {step} days"


@door_verb
def push_expiring(*, actor: Actor, now: datetime) -> int:
    """How many were pushed now. On the site's own days; the case of an earlier step closes when the next one opens."""
    near = [_Near(*row) for row in sql.rows(_NEAR, {"until": now, "most": max(PUSH_DAYS) + 1})]
    steps = {(x.site_id, x.lot_id): push_step(x.expiry_date, local_date(now, x.time_zone)) for x in near}
    due = [(x, step) for x in near if (step := steps[x.site_id, x.lot_id]) is not None]
    if not due:
        return 0
    parameters = {
        "now": now,
        "sites": [x.site_id for x, _ in due],
        "lots": [x.lot_id for x, _ in due],
        "steps": [step for _, step in due],
    }
    said = set(sql.rows(_SAY_ONCE, parameters))
    fresh = [(x, step) for x, step in due if (x.site_id, x.lot_id) in said]
    earlier = [Cause(FIELD_EXPIRY.code, x.ref, x.cause(days)) for x, step in fresh for days in PUSH_DAYS if days > step]
    close_many(earlier, now=now, actor=actor, why="The next step is pushed.")
    open_cases([_case(x, step, now) for x, step in fresh], now=now, actor=actor)
    return len(fresh)


def _case(x: _Near, step: int, now: datetime) -> CaseSpec:
    left = (x.expiry_date - local_date(now, x.time_zone)).days
    summary = f"{plain(x.qty)} of {x.sku} lot {x.lot} at {x.site} expire on {x.expiry_date:%d %b %Y}, in {left} days"
    return CaseSpec(FIELD_EXPIRY.code, x.ref, x.cause(step), x.account_id, summary=summary)
