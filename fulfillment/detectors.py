"""What finds trouble between release and delivery, and what tells that it is over."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from core import sql
from core.money import places_in_sql
from core.refs import DocumentRef
from exceptions_app.detection import Cause, Detector, Watch, Worth, ended, pushed, register
from exceptions_app.rules.asks import CaseSnapshot, CaseSpec
from exceptions_app.severity import DAYS_LATE
from fulfillment import case_ends
from fulfillment.exception_kinds import (
    DELIVERY_DAMAGED,
    DELIVERY_LATE,
    DELIVERY_REFUSED,
    DELIVERY_WINDOW_AT_RISK,
    RECALL_UNANSWERED,
    SHIPPED_OVER_CREDIT,
    SHORT_PICK,
    UNMATCHED_RETURN,
    USAGE_UNBILLED,
    VENDOR_LATE,
    VENDOR_SHORT,
)
from orders.late_penalties import LATE, Late, penalties

PLACES = places_in_sql("o.currency")

_DUE = f"""
SELECT s.id, s.number, s.account_id, o.currency, sum(round(c.qty * l.unit_price, {PLACES})), min(d.requested_date), n.today
  FROM fulfillment_shipment s JOIN fulfillment_shipmentline c ON c.shipment_id = s.id
  JOIN inventory_site w ON w.id = s.site_id
  CROSS JOIN LATERAL (SELECT (%(now)s::timestamptz AT TIME ZONE w.time_zone)::date AS today) n
  JOIN orders_orderline l ON l.id = c.order_line_id JOIN inventory_demand d ON d.id = l.demand_id
  JOIN orders_order o ON o.id = s.order_id
 WHERE s.status IN ('released', 'acknowledged', 'picking', 'packed') AND d.requested_date <= n.today
 GROUP BY s.id, o.currency, n.today ORDER BY s.id
"""


def windows_at_risk(now: datetime) -> list[CaseSpec]:
    """Shipments in the warehouse's hands that the customer wants today, by the site's day, or wanted sooner."""
    return [
        CaseSpec(
            DELIVERY_WINDOW_AT_RISK.code,
            DocumentRef("shipment", pk, number),
            "not sent",
            account_id,
            worth,
            currency,
            f"Wanted on {asked.day} {asked:%b} and not sent yet",
            {DAYS_LATE: (today - asked).days},
        )
        for pk, number, account_id, currency, worth, asked, today in sql.rows(_DUE, {"now": now})
    ]


_UNANSWERED = f"""
SELECT s.id, s.number, s.account_id, o.currency,
       (SELECT sum(round(c.qty * l.unit_price, {PLACES})) FROM fulfillment_shipmentline c
          JOIN orders_orderline l ON l.id = c.order_line_id WHERE c.shipment_id = s.id), r.id, r.asked_by, r.note
  FROM fulfillment_recallrequest r JOIN fulfillment_shipment s ON s.id = r.shipment_id
  JOIN orders_order o ON o.id = s.order_id
 WHERE r.state = 'asked' AND r.respond_by <= %(now)s ORDER BY r.id
"""


def unanswered_recalls(now: datetime) -> list[CaseSpec]:
    """Shipments asked back in vain so far."""
    return [
        CaseSpec(
            RECALL_UNANSWERED.code,
            DocumentRef("shipment", pk, number),
            f"recall:{recall_id}",
            account_id,
            worth,
            currency,
            f"{asked_by} asked for it back: {note}",
        )
        for pk, number, account_id, currency, worth, recall_id, asked_by, note in sql.rows(_UNANSWERED, {"now": now})
    ]


_NOT_THERE = f"""
SELECT s.id, s.number, s.account_id, o.currency, sum(round(c.shipped_qty * l.unit_price, {PLACES})), max(p.delivery_date),
       n.today
  FROM fulfillment_shipment s JOIN fulfillment_shipmentline c ON c.shipment_id = s.id
  JOIN accounts_account a ON a.id = s.account_id LEFT JOIN accounts_shipto t ON t.id = s.ship_to_id
  CROSS JOIN LATERAL (SELECT (%(now)s::timestamptz AT TIME ZONE coalesce(t.time_zone, a.time_zone))::date AS today) n
  JOIN orders_orderline l ON l.id = c.order_line_id JOIN orders_order o ON o.id = s.order_id
  JOIN LATERAL (SELECT max(coalesce(q.first_delivery_date, q.delivery_date)) AS delivery_date
                  FROM inventory_promise q WHERE q.demand_id = c.demand_id) p ON true
 WHERE s.status IN ('shipped', 'in_transit') AND s.tracking_number <> '' AND s.shipped_at > %(since)s
 GROUP BY s.id, o.currency, n.today HAVING max(p.delivery_date) < n.today ORDER BY s.id
"""
LOOKED_BACK = timedelta(days=60)  # what is older was never reported, and nobody waits for it


def late_deliveries(now: datetime) -> list[CaseSpec]:
    """What left in the last 60 days with a tracking number, was promised for a day that is over where the customer is,
    and is nowhere reported as delivered."""
    asked = {"now": now, "since": now - LOOKED_BACK}
    return [
        CaseSpec(
            DELIVERY_LATE.code,
            DocumentRef("shipment", pk, number),
            "not delivered",
            account_id,
            worth,
            currency,
            f"{number} was promised for {promised.day} {promised:%b} and is not reported as delivered",
            {DAYS_LATE: (today - promised).days},
        )
        for pk, number, account_id, currency, worth, promised, today in sql.rows(_NOT_THERE, asked)
    ]


_STILL_SHORT = """
SELECT w.id
  FROM unnest(%(cases)s::bigint[], %(shipments)s::bigint[], %(products)s::bigint[]) AS w(id, shipment_id, product_id)
  JOIN fulfillment_shipment s ON s.id = w.shipment_id JOIN orders_orderline l ON l.order_id = s.order_id
  JOIN inventory_demand d ON d.id = l.demand_id AND d.product_id = w.product_id
 WHERE d.backordered_qty > 0 GROUP BY w.id
"""


def made_good(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """Short picks, and vendors' short answers, whose order waits for none of the product any more."""
    named = [(c.id, c.subject.id, c.cause_key.removeprefix("product:")) for c in cases]
    asked = [(pk, shipment, int(product)) for pk, shipment, product in named if product.isdecimal()]
    columns = {name: [row[n] for row in asked] for n, name in enumerate(("cases", "shipments", "products"))}
    still = {pk for (pk,) in sql.rows(_STILL_SHORT, columns)} if asked else set()
    return {pk for pk, _, _ in asked} - still


_SHORT_WORTH = f"""
SELECT w.n, sum(round(d.backordered_qty * l.unit_price, {PLACES})), o.currency, o.account_id,
       coalesce(o.submitted_at, o.received_at)::date, count(*) FILTER (WHERE late.days > 0), sum(late.days)
  FROM unnest(%(ns)s::bigint[], %(shipments)s::bigint[], %(products)s::bigint[]) AS w(n, shipment_id, product_id)
  JOIN fulfillment_shipment s ON s.id = w.shipment_id JOIN orders_order o ON o.id = s.order_id
  JOIN orders_orderline l ON l.order_id = o.id
  JOIN inventory_demand d ON d.id = l.demand_id AND d.product_id = w.product_id AND d.backordered_qty > 0
  {LATE}
 GROUP BY w.n, o.id
"""


def worth_of_short(causes: Sequence[Cause]) -> list[tuple[Decimal, str]]:
    """What the order of the shipment still waits for of the short product, and what the contract asks for its lateness."""
    named = [cause.cause_key.removeprefix("product:") for cause in causes]
    columns = {
        "ns": list(range(len(causes))),
        "shipments": [cause.subject.id for cause in causes],
        "products": [int(product) if product.isdecimal() else 0 for product in named],
    }
    rows = sql.rows(_SHORT_WORTH, columns)
    late = penalties([Late(account, on, money, lines, int(days)) for _, _, money, account, on, lines, days in rows])
    known = {n: ((worth or Decimal(0)) + owed, money) for (n, worth, money, *_), owed in zip(rows, late, strict=True)}
    return [known.get(n, (Decimal(0), "")) for n in range(len(causes))]


register(Worth(SHORT_PICK.code, worth_of_short))
register(
    Detector(DELIVERY_WINDOW_AT_RISK.code, "not sent", windows_at_risk),
    Detector(RECALL_UNANSWERED.code, "recall:", unanswered_recalls),
    Watch(SHORT_PICK.code, made_good),
    Watch(VENDOR_SHORT.code, made_good),
    Watch(VENDOR_LATE.code, case_ends.has_left_or_never_will),
    Watch(DELIVERY_REFUSED.code, case_ends.came_back),
    Watch(DELIVERY_DAMAGED.code, case_ends.return_is_agreed_on),
    Watch(UNMATCHED_RETURN.code, case_ends.is_matched),
    Watch(SHIPPED_OVER_CREDIT.code, case_ends.passes_credit_again),
)
register(Worth(VENDOR_SHORT.code, worth_of_short))
pushed(VENDOR_SHORT.code, "the fact VendorShort")
pushed(VENDOR_LATE.code, "the fact VendorConfirmed")
register(Detector(DELIVERY_LATE.code, "not delivered", late_deliveries))
pushed(SHORT_PICK.code, "the fact PickShort")
pushed(USAGE_UNBILLED.code, "record_usage")
ended(USAGE_UNBILLED.code, "bill_usage, bill_waiting: an order was made of it")
pushed(UNMATCHED_RETURN.code, "receive_return")
pushed(DELIVERY_DAMAGED.code, "the fact ShipmentDelivered")
pushed(DELIVERY_REFUSED.code, "the fact DeliveryRefused")
pushed(SHIPPED_OVER_CREDIT.code, "the fact ShippedOverCredit")
