"""How a shipment travels: together with which others, and with which of the carriers' services. Chosen when the warehouse
gets it, by the weights of the products; chosen again when its packages are weighed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q

from accounts.queries import ship_to_snapshots
from accounts.rules.asks import ShipToSnapshot
from catalog.queries import product_snapshots
from catalog.rules.asks import ProductSnapshot
from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound
from core.numbering import draw
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from fulfillment import locks
from fulfillment.models import (
    CarrierService,
    Consignment,
    Shipment,
    ShipmentLine,
    ShippingChoice,
    ShippingRule,
)
from fulfillment.package_queries import PackageView, packages_of, unpacked
from fulfillment.rules.carriage import Load, Rule, choose
from fulfillment.states import STILL_HERE, ShipmentStatus
from inventory.queries import promises

ZERO = Decimal(0)
SHORTEST_REASON = 5


@door_verb
def plan_carriage(*, shipment_ids: Collection[int], actor: Actor, now: datetime) -> int:
    """Choose for shipments that have not left; how many have a service now. A reaction to ShipmentReleased: said twice it
    chooses the same. Constant number of statements. Locks: 30."""
    if not (rules := _rules()) and not ShippingChoice.objects.filter(is_consolidated=True).exists():
        return 0
    here = [s for s in locks.lock_shipments(_and_what_stands_there(shipment_ids)) if s.status in STILL_HERE]
    _consolidate(here, now)
    return _choose(here, rules, now)


@require_uow
def plan_again(shipment: Shipment, *, now: datetime) -> None:
    """The same for one shipment whose packages changed and for those it travels with, under their locks; as long as
    something of it is not weighed, nothing."""
    if not unpacked([shipment.pk]) and (rules := _rules()):
        with_it = Shipment.objects.filter(pk__in=travelling_with(shipment.pk), status__in=STILL_HERE).order_by("pk")
        _choose(list(with_it), rules, now)


def travelling_with(shipment_id: int) -> set[int]:
    """The shipments of its consignment, itself among them. One statement."""
    of_one = Shipment.objects.filter(pk=shipment_id, consignment__isnull=False).values("consignment_id")
    return {shipment_id, *Shipment.objects.filter(consignment__in=of_one).values_list("pk", flat=True)}


@door_verb
def choose_service(*, shipment_id: int, service_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """A person takes another service than the rules say; the rules leave it alone from then on.

    Raises NotFound, InvalidInput (a reason is missing; it has left)."""
    if len(reason.strip()) < SHORTEST_REASON:
        words = "Another service than the rules say needs a reason."
        raise InvalidInput([FieldError("/reason", "reason_missing", words, "Say why.")])
    rows = locks.lock_shipments([shipment_id])
    service = CarrierService.objects.filter(pk=service_id, is_active=True).first()
    if not rows or service is None:
        raise NotFound(kind="carrier service" if rows else "shipment", ident=service_id if rows else shipment_id)
    (shipment,) = rows
    if shipment.status not in STILL_HERE:
        words = f"Shipment {shipment.number} has left."
        raise InvalidInput([FieldError("/service", "has_left", words, "Nothing is to be chosen any more.")])
    why = {"rule": f"{actor.label}: {reason.strip()[:200]}", "outcome": service.code, "inputs": {}, "losers": []}
    Shipment.objects.filter(pk=shipment_id).update(service=service, service_why=why, is_service_by_hand=True)
    words = f"Shipment {shipment.number} travels with {service.code}: {reason.strip()[:200]}"
    ref = DocumentRef("shipment", shipment.pk, shipment.number)
    journal.write([journal.Entry(ref, "service_chosen", words)], actor=actor, now=now)


def _and_what_stands_there(shipment_ids: Collection[int]) -> set[int]:
    """With them, what waits in consignments of the same customers: it gets heavier by them. Without what a vendor sends,
    with whom it likes."""
    accounts = Shipment.objects.filter(pk__in=shipment_ids).values("account_id")
    standing = Q(account__in=accounts, consignment__isnull=False, status__in=STILL_HERE)
    found = Shipment.objects.filter(Q(pk__in=shipment_ids) | standing, vendor_order__isnull=True)
    return set(found.values_list("pk", flat=True))


def _rules() -> list[Rule]:
    rows = ShippingRule.objects.filter(is_active=True, service__is_active=True).select_related("service")
    return [
        Rule(
            r.pk, r.priority, r.service_id, r.service.code, r.account_id, r.site_id, r.country, r.region,
            (r.min_weight_kg, r.max_weight_kg), (r.min_cube_m3, r.max_cube_m3), (r.min_pallets, r.max_pallets),
            (r.min_days, r.max_days),
        )
        for r in rows
    ]  # fmt: skip


def _choose(shipments: Sequence[Shipment], rules: Sequence[Rule], now: datetime) -> int:
    """A shipment of a consignment is chosen for with the weight of all of it."""
    free = [s for s in shipments if not s.is_service_by_hand]
    if not free or not rules:
        return 0
    loads = _loads(shipments, now)
    changed = []
    for shipment in free:
        choice = choose(rules, loads[_key(shipment)])
        why = choice.why.as_json()
        if (shipment.service_id, shipment.service_why) != (choice.service_id, why):
            shipment.service_id, shipment.service_why = choice.service_id, why
            changed.append(shipment)
    Shipment.objects.bulk_update(changed, ["service", "service_why"])
    return sum(1 for s in free if s.service_id is not None)


def _key(shipment: Shipment) -> tuple[str, int]:
    return ("consignment", shipment.consignment_id) if shipment.consignment_id else ("shipment", shipment.pk)


@dataclass
class _Measured:
    weight: Decimal | None = ZERO
    cube: Decimal | None = ZERO
    pallets: int = 0
    day: date | None = None

    def add(self, weight: Decimal | None, cube: Decimal | None) -> None:
        """What is not known of one thing is not known of all."""
        self.weight = None if self.weight is None or weight is None else self.weight + weight
        self.cube = None if self.cube is None or cube is None else self.cube + cube


def _loads(shipments: Sequence[Shipment], now: datetime) -> dict[tuple[str, int], Load]:
    """By packages where everything is packed and weighed, else by what the products weigh."""
    ids = [s.pk for s in shipments]
    lines: dict[int, list[ShipmentLine]] = {i: [] for i in ids}
    for line in ShipmentLine.objects.filter(shipment__in=ids).order_by("pk"):
        lines[line.shipment_id].append(line)
    every_line = [line for of_one in lines.values() for line in of_one]
    products = product_snapshots({line.product_id for line in every_line})
    packages, unfinished = packages_of(ids), unpacked(ids)
    made = promises({line.demand_id for line in every_line})
    places = ship_to_snapshots(s.ship_to_id for s in shipments if s.ship_to_id)
    found: dict[tuple[str, int], _Measured] = defaultdict(_Measured)
    for s in shipments:
        measured, packed = found[_key(s)], [p for p in packages.get(s.pk, ()) if not p.pallet]
        if s.pk not in unfinished and any(p.is_sealed for p in packed):
            _add_packages(measured, packed)
        else:
            _add_lines(measured, lines[s.pk], products)
        slices = [x for line in lines[s.pk] for x in made.get(line.demand_id, ())]
        due = [x.delivery_date for x in slices if x.delivery_date is not None]
        measured.day = min([*due, *([measured.day] if measured.day else [])], default=None)
    heads = {_key(s): s for s in shipments}
    return {key: _load(heads[key], measured, places, now) for key, measured in found.items()}


def _add_packages(measured: _Measured, packages: Sequence[PackageView]) -> None:
    """Those that stand on the floor: a pallet is weighed with what is on it."""
    for package in packages:
        if package.is_sealed:
            measured.add(package.weight_kg, package.cube_m3)
            measured.pallets += package.is_pallet


def _add_lines(measured: _Measured, lines: Iterable[ShipmentLine], products: Mapping[int, ProductSnapshot]) -> None:
    for line in lines:
        product, qty = products[line.product_id], line.qty if line.picked_qty is None else line.picked_qty
        weight, cube = product.weight_kg, product.cube_m3
        measured.add(weight and weight * qty, cube and cube * qty)


def _load(head: Shipment, measured: _Measured, places: Mapping[int, ShipToSnapshot], now: datetime) -> Load:
    place = places.get(head.ship_to_id or 0)
    return Load(
        account_id=head.account_id,
        site_id=head.site_id,
        country=place.country if place else "",
        region=place.region if place else "",
        weight_kg=measured.weight,
        cube_m3=measured.cube,
        pallets=measured.pallets,
        days=(measured.day - now.date()).days if measured.day else None,
    )


@require_uow
def _consolidate(shipments: Sequence[Shipment], now: datetime) -> None:
    """What chose so and goes from one site to one address joins the consignment that stands there, or makes one."""
    chosen = ShippingChoice.objects.filter(account__in={s.account_id for s in shipments}, is_consolidated=True)
    accounts = set(chosen.values_list("account_id", flat=True))
    loose = [s for s in shipments if s.account_id in accounts and s.ship_to_id and s.consignment_id is None]
    if not loose:
        return
    standing = {(c.account_id, c.site_id, c.ship_to_id): c for c in _standing(accounts)}
    wanted = list(dict.fromkeys((s.account_id, s.site_id, s.ship_to_id) for s in loose))
    missing = [w for w in wanted if w not in standing]
    numbers = draw("consignment", prefix="CN-", count=len(missing)) if missing else []
    made = Consignment.objects.bulk_create(
        Consignment(number=number, account_id=account, site_id=site, ship_to_id=ship_to or 0, made_at=now)
        for number, (account, site, ship_to) in zip(numbers, missing, strict=True)
    )
    standing |= {(c.account_id, c.site_id, c.ship_to_id): c for c in made}
    for s in loose:
        s.consignment = standing[s.account_id, s.site_id, s.ship_to_id or 0]
    Shipment.objects.bulk_update(loose, ["consignment"])


def _standing(accounts: Collection[int]) -> list[Consignment]:
    """Consignments of which nothing has left."""
    gone = Shipment.objects.filter(consignment=OuterRef("pk")).exclude(status__in=STILL_HERE)
    gone = gone.exclude(status=ShipmentStatus.CANCELLED)
    here = Shipment.objects.filter(consignment=OuterRef("pk"), status__in=STILL_HERE)
    return list(Consignment.objects.filter(Exists(here), ~Exists(gone), account__in=accounts).order_by("pk"))
