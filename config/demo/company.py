"""Where the company works and for whom: calendars, sites, tiers, territories, buying groups, customers."""

from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal

from django.apps import apps

from accounts.rules.asks import AccountSpec, ShipToSpec
from accounts.services.add_ship_to import add_ship_to
from accounts.services.create_accounts import create_accounts
from accounts.states import IdentifierKind
from config.demo.progress import Stage
from config.demo.world import SEEDER, Customer, World
from core.reference import save_reference
from inventory.states import SiteKind

COMPANY = "Thornquay Medical Supply"
WORKDAYS = [str(day) for day in range(5)]
EVERY_DAY = [str(day) for day in range(7)]


@dataclass(frozen=True)
class Place:
    city: str
    state: str
    zip: str
    zone: str
    territory: str


PLACES = (
    Place("Reno", "NV", "895", "America/Los_Angeles", "WEST"),
    Place("Sacramento", "CA", "958", "America/Los_Angeles", "WEST"),
    Place("Boise", "ID", "837", "America/Boise", "WEST"),
    Place("Spokane", "WA", "992", "America/Los_Angeles", "WEST"),
    Place("Tucson", "AZ", "857", "America/Phoenix", "SOUTH"),
    Place("Tulsa", "OK", "741", "America/Chicago", "SOUTH"),
    Place("Birmingham", "AL", "352", "America/Chicago", "SOUTH"),
    Place("Savannah", "GA", "314", "America/New_York", "SOUTH"),
    Place("Columbus", "OH", "432", "America/New_York", "MIDWEST"),
    Place("Fort Wayne", "IN", "468", "America/New_York", "MIDWEST"),
    Place("Madison", "WI", "537", "America/Chicago", "MIDWEST"),
    Place("Duluth", "MN", "558", "America/Chicago", "MIDWEST"),
    Place("Albany", "NY", "122", "America/New_York", "EAST"),
    Place("Scranton", "PA", "185", "America/New_York", "EAST"),
    Place("Richmond", "VA", "232", "America/New_York", "EAST"),
    Place("Portland", "ME", "041", "America/New_York", "EAST"),
)
TERRITORIES = {"WEST": "West", "SOUTH": "South", "MIDWEST": "Midwest", "EAST": "East"}
STREETS = (
    "Quarry Road",
    "Linden Avenue",
    "Harbor Street",
    "Mill Lane",
    "Orchard Drive",
    "Foundry Way",
    "Chapel Hill Road",
)

# Invented towns: no customer carries the name of a real one.
FIRST = (
    "Brindle", "Tallow", "Quill", "Marrow", "Fenner", "Ashlin", "Larken", "Thistle", "Copper", "Wrenna", "Harrow",
    "Elder", "Sable", "Pinch", "Corrin", "Vesper", "Hollin", "Dunmar", "Ostra", "Kestrel",
)  # fmt: skip
LAST = ("mere", "combe", "wick", "haven", "stead", "bridge", "field", "worth", "ridge", "dale", "brook", "holt")
# kind of customer → how names end, share of orders, tier, credit limit
KINDS = {
    "hospital": ("Medical Center", 9, "PLATINUM", 400_000),
    "system": ("Regional Hospital", 7, "GOLD", 250_000),
    "surgery": ("Surgery Center", 5, "GOLD", 150_000),
    "clinic": ("Family Clinic", 3, "SILVER", 60_000),
    "ortho": ("Orthopedic Group", 4, "GOLD", 180_000),
    "lab": ("Diagnostic Laboratory", 3, "SILVER", 75_000),
    "care": ("Care Home", 2, "STANDARD", 30_000),
    "vet": ("Veterinary Hospital", 2, "STANDARD", 30_000),
}
TIERS = {
    "PLATINUM": (1, "Platinum", 3),
    "GOLD": (2, "Gold", 2),
    "SILVER": (3, "Silver", 1),
    "STANDARD": (4, "Standard", 0),
}
DCS = {
    "RNO": ("Reno distribution center", "NV", "America/Los_Angeles", 10, 400),
    "CMH": ("Columbus distribution center", "OH", "America/New_York", 20, 600),
    "ATL": ("Atlanta distribution center", "GA", "America/New_York", 30, 500),
}
# site → (cost per shipment, per kg, km) to everywhere: what the sourcing example weighs
LANES = {"RNO": ("14.00", "0.55", 1900), "CMH": ("9.50", "0.38", 800), "ATL": ("11.00", "0.42", 1100)}
HUB = ("TUL", "Tulsa overflow hub", "OK", "America/Chicago")


def make(world: World, stage: Stage) -> None:
    _calendars(world)
    _sites(world)
    for code, (rank, name, lock_days) in TIERS.items():
        share = 5 - rank
        world.tiers[code] = world.keep(
            "accounts.ServiceTier",
            code=code,
            name=name,
            rank=rank,
            fair_share_weight=share,
            order_lock_days=lock_days,
            promise_slip_days=rank - 1,
        )
    for code, name in TERRITORIES.items():
        world.territories[code] = world.keep("accounts.Territory", code=code, name=name)
    _customers(world, stage)
    _groups(world)


def _calendars(world: World) -> None:
    """Docks close at night and at weekends; the warehouse desk and the EDI desk never do."""
    zones = {dc: zone for dc, (_, _, zone, _, _) in DCS.items()} | {HUB[0]: HUB[3]}
    for code, zone in zones.items():
        week = {day: [["06:00", "20:00"]] for day in WORKDAYS}
        world.calendars[code] = world.keep(
            "core.Calendar", code=f"SITE-{code}", name=f"{code} shipping days", time_zone=zone, week=week
        )
    always = {day: [["00:00", "00:00"]] for day in EVERY_DAY}
    world.calendars["ALWAYS"] = world.keep("core.Calendar", code="ALWAYS", name="Around the clock", week=always)
    world.calendars["OFFICE"] = _office(world)
    dock = {day: [["07:00", "11:00"], ["12:00", "15:00"]] for day in WORKDAYS}
    world.calendars["DOCK"] = world.keep(
        "core.Calendar", code="DOCK", name="Hospital dock, no lunch", time_zone="America/New_York", week=dock
    )
    short = {day: [["08:00", "12:00"]] for day in ("1", "3")}
    world.calendars["TUE-THU"] = world.keep(
        "core.Calendar", code="TUE-THU", name="Tuesday and Thursday mornings", time_zone="America/New_York", week=short
    )
    new_year = date(world.today.year + 1, 1, 1)
    for calendar in (*zones, "OFFICE", "DOCK"):
        world.keep("core.CalendarHoliday", calendar_id=world.calendars[calendar], date=new_year, name="New Year's Day")
    desks = {"warehouse": "ALWAYS", "edi_desk": "ALWAYS", "operations": "ALWAYS"}
    for row in apps.get_model("exceptions_app.Queue").objects.order_by("code"):
        row.calendar_id = world.calendars[desks.get(row.code, "OFFICE")]
        save_reference(row=row, actor=SEEDER, now=world.opening, only=["calendar"])


def _office(world: World) -> int:
    """The calendar an installation has from the start, at this company's hours."""
    model = apps.get_model("core.Calendar")
    row = model.objects.filter(code="office").first() or model(code="office")
    row.name, row.time_zone = "Office hours", "America/New_York"
    row.week = {day: [["08:00", "18:00"]] for day in WORKDAYS}
    return int(save_reference(row=row, actor=SEEDER, now=world.opening).pk)


def _sites(world: World) -> None:
    for code, (name, region, zone, rank, capacity) in DCS.items():
        world.sites[code] = world.keep(
            "inventory.Site",
            code=code,
            name=name,
            region=region,
            time_zone=zone,
            calendar_id=world.calendars[code],
            cutoff_time=time(19),
            transit_days=2,
            rank=rank,
            lines_per_day=capacity,
        )
    _lanes(world)
    code, name, region, zone = HUB
    world.sites[code] = world.keep(
        "inventory.Site",
        code=code,
        name=name,
        kind=SiteKind.HUB,
        region=region,
        time_zone=zone,
        calendar_id=world.calendars[code],
        transit_days=4,
        rank=40,
    )


def _lanes(world: World) -> None:
    """A lane from each center, as long as the site's own days; a sourcing rule to look at and switch on."""
    for code, (shipment, kilo, distance) in LANES.items():
        world.keep(
            "inventory.TransitLane",
            site_id=world.sites[code],
            transit_days=2,
            cost_per_shipment=Decimal(shipment),
            cost_per_kg=Decimal(kilo),
            distance_km=distance,
        )
    world.keep(
        "inventory.SourcingRule",
        name="Example: fewest shipments, then freight",
        sites=list(LANES),
        max_shipments=2,
        cutoff="soft",
        is_active=False,
    )


def _customers(world: World, stage: Stage) -> None:
    """The first eight are one of each kind; the rest as chance has it. Codes say nothing, as in life."""
    dice = world.dice("company")
    names = [f"{first}{last}" for last in LAST for first in FIRST]
    dice.shuffle(names)
    kinds = list(KINDS)
    drawn = []
    for n in range(world.scale.accounts):
        kind = kinds[n] if n < len(kinds) else dice.choice(kinds)
        place = PLACES[n % len(PLACES)]
        town = names[n % len(names)] + (f" {n // len(names) + 1}" if n >= len(names) else "")
        drawn.append((f"{10_401 + 7 * n}", f"{town} {KINDS[kind][0]}", kind, place))
    specs = [
        AccountSpec(
            code,
            name,
            region=place.state,
            time_zone=place.zone,
            tier_id=world.tiers[KINDS[kind][2]],
            territory_id=world.territories[place.territory],
            po_number_required=kind not in ("care", "vet"),
        )
        for code, name, kind, place in drawn
    ]
    ids = create_accounts(specs, actor=SEEDER, now=world.opening)
    for code, name, kind, place in drawn:
        account_id = ids[code]
        ship_tos = tuple(_ship_tos(world, account_id, code, name, kind, place))
        weight = KINDS[kind][1] * dice.choice((1, 1, 2))
        world.customers.append(
            Customer(account_id, code, name, kind, place.state, place.zone, place.territory, weight, ship_tos)
        )
        stage.step()


def _ship_tos(world: World, account_id: int, code: str, name: str, kind: str, place: Place) -> list[int]:
    dice = world.dice(f"ship-to {code}")
    doors = {
        "hospital": ("Main receiving", "Surgical wing", "Pharmacy"),
        "system": ("Central stores", "Outpatient wing"),
    }
    made = []
    for n, door in enumerate(doors.get(kind, ("Receiving",)), start=1):
        spec = ShipToSpec(
            code=f"{n:02}",
            name=f"{name}, {door.lower()}" if n > 1 else name,
            line1=f"{dice.randrange(10, 990)} {dice.choice(STREETS)}",
            line2=door,
            city=place.city,
            region=place.state,
            postal_code=f"{place.zip}{dice.randrange(10, 99)}",
            time_zone=place.zone,
            gln=_gln(code, n),
            edi_code=f"{n:04}",
            is_default=n == 1,
        )
        made.append(add_ship_to(account_id=account_id, spec=spec, actor=SEEDER, now=world.opening))
    if kind in ("hospital", "care", "system"):
        row = apps.get_model("accounts.ShipTo").objects.get(pk=made[0])
        row.calendar_id = world.calendars["TUE-THU" if kind == "care" else "DOCK"]
        save_reference(row=row, actor=SEEDER, now=world.opening, only=["calendar"])
    return made


def _gln(code: str, n: int) -> str:
    """In GS1's prefix for demonstrations (952), with its check digit."""
    return with_check_digit(f"9521{code:0>6}{n:02}")


def with_check_digit(digits: str) -> str:
    """GS1: weights 3 and 1 from the right."""
    total = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits)))
    return f"{digits}{-total % 10}"


def _groups(world: World) -> None:
    """Two buying groups; a hospital proves its membership by its GLN, a clinic by its HIN. One membership has ended."""
    groups = {"NORVALE": "Norvale Purchasing Alliance", "CLINIWAY": "Cliniway Buying Group"}
    for code, name in groups.items():
        world.groups[code] = world.keep("accounts.AccountGroup", code=code, name=name)
    since = world.start - timedelta(days=400)
    members = 0
    for n, customer in enumerate(world.customers):
        group_code = {"hospital": "NORVALE", "system": "NORVALE", "clinic": "CLINIWAY", "surgery": "CLINIWAY"}.get(
            customer.kind
        )
        if group_code is None or (n > 8 and n % 5 == 0):
            continue
        members += 1
        world.keep(
            "accounts.GroupMembership",
            account_id=customer.id,
            group_id=world.groups[group_code],
            valid_from=since,
            valid_to=world.today - timedelta(days=60) if members == 7 else None,
            identifier_kind=IdentifierKind.GLN if group_code == "NORVALE" else IdentifierKind.HIN,
            identifier=_gln(customer.code, 1) if group_code == "NORVALE" else f"{customer.code:0>8}7"[-9:],
        )
