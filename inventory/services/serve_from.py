"""Let one site serve a demand before the others, and deal its product again at once."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from core import overrides
from core.actors import Actor
from core.errors import NotFound, Refused
from core.overrides import Reason
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb
from inventory import locks
from inventory.locks import LockedDemand
from inventory.models import Demand, Site
from inventory.rules.sourcing import GENERAL_KINDS
from inventory.services.places import site_called
from inventory.services.run_products import run_products

KIND = "sourcing"


class NothingIsMissing(Refused):
    template = "Nothing of {document} waits for stock any more."
    remedy_template = "Look at the order again."


class OthersComeFirst(Refused):
    template = "{document} gets nothing at {site}: others that rank higher take what is there."
    remedy_template = "Look for another site, or borrow from an order that is wanted later."


@door_verb
def serve_from(
    *, demand_id: int, site_id: int, reason: Reason, trigger_key: str, actor: Actor, now: datetime
) -> Decimal:
    """Put the site first among those that may serve the demand, and run its product's allocation in the same transaction.
    How many base units it no longer waits for. What it holds already stays where it is. An override is recorded.

    Raises NotFound, SiteIsClosed, NothingIsMissing, OthersComeFirst (then nothing is changed), ReasonTooShort.
    """
    site = site_called(site_id, verb="nothing is sent from there", may_be_vendor=True)
    seen = locks.look_at_demands([demand_id]).get(demand_id)
    if seen is None:
        raise NotFound(kind="demand", ident=demand_id)
    products = [seen.product_id]
    demand = locks.lock_open_demands(products, dealt_again=products).get(demand_id)
    if demand is None or demand.backordered_qty <= 0:
        raise NothingIsMissing(document=seen.ref_number)
    route = _with_first(demand, site)
    Demand.objects.filter(pk=demand_id).update(route=route)
    run_products(trigger_key=trigger_key, product_ids=products, actor=actor, now=now)
    left = Demand.objects.values_list("backordered_qty", flat=True).get(pk=demand_id)
    if left >= demand.backordered_qty:
        raise OthersComeFirst(document=demand.ref_number, site=site.code)
    found = demand.backordered_qty - left
    _record(demand, route, site, found, reason, actor, now)
    return found


def _with_first(demand: LockedDemand, site: Site) -> list[int]:
    """The demand's own route, or where it has none the sites in their general order, with the chosen one in front."""
    usual: Sequence[int] = demand.route
    if not usual:
        kinds = [kind.value for kind in GENERAL_KINDS]
        rows = Site.objects.filter(is_active=True, kind__in=kinds).order_by("rank", "pk")
        usual = list(rows.values_list("pk", flat=True))
    return list(dict.fromkeys((site.pk, *usual)))


def _record(
    demand: LockedDemand, route: list[int], site: Site, found: Decimal, reason: Reason, actor: Actor, now: datetime
) -> None:
    overrides.record(
        kind=KIND,
        subject=DocumentRef("demand", demand.pk, demand.ref_number),
        actor=actor,
        reason=reason,
        before={"route": list(demand.route), "missing": plain(demand.backordered_qty)},
        after={"route": route, "first": site.code, "found": plain(found)},
        money_effect=Decimal(0),
        now=now,
    )
