"""Who works here and who buys here. A persona can sign in; see `signins` for how its password comes about."""

from dataclasses import dataclass
from datetime import timedelta

from django.apps import apps

from accounts.services.create_user import create_user
from accounts.states import BuyerRole, Role, SplitKind
from config.demo import signins
from config.demo.world import SEEDER, World
from core.actors import Actor
from core.uow import unit_of_work


@dataclass(frozen=True)
class Persona:
    """`door` is where they work: the console or the portal. `boss` is another persona's key."""

    key: str
    first: str
    last: str
    title: str
    roles: tuple[Role, ...]
    door: str = "console"
    boss: str = ""

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def email(self) -> str:
        return f"{self.key.replace('_', '-')}@{signins.DOMAIN}"


PERSONAS = (
    Persona("cs-lead", "Idris", "Callowfinch", "Customer service lead", (Role.CS, Role.CS_LEAD)),
    Persona("cs", "Maren", "Ostbyrne", "Customer service", (Role.CS,), boss="cs-lead"),
    Persona("finance-approver", "Anselm", "Burkhollow", "Finance approver", (Role.FINANCE, Role.FINANCE_APPROVER)),
    Persona("finance", "Petra", "Lindquarn", "Finance", (Role.FINANCE,), boss="finance-approver"),
    Persona("planner", "Yuna", "Tamsworth", "Planner", (Role.PLANNER,), boss="cs-lead"),
    Persona("warehouse", "Rourke", "Delamoss", "Warehouse", (Role.WAREHOUSE,), boss="planner"),
    Persona("pricing", "Saskia", "Brandvale", "Pricing", (Role.PRICING,), boss="finance-approver"),
    Persona("rep", "Dario", "Quillfeather", "Sales rep, West", (Role.REP,), "portal and API", boss="cs-lead"),
    Persona("buyer", "Lena", "Marshholt", "Buyer of {0}", (Role.BUYER,), "portal"),
    Persona("approver", "Gideon", "Parrowby", "Approver of {0}", (Role.BUYER_APPROVER,), "portal"),
    Persona("two-companies", "Noor", "Ashgrovel", "Buyer of two companies", (Role.BUYER,), "portal"),
    Persona("auditor", "Beatrix", "Olmsterling", "Auditor", (Role.AUDITOR,)),
    Persona("operator", "Tobin", "Halewright", "Operator", (Role.OPERATOR,)),
)
REPS = (
    ("rep", "R-WEST", "WEST"),
    ("rep-south", "R-SOUTH", "SOUTH"),
    ("rep-midwest", "R-MIDW", "MIDWEST"),
    ("rep-east", "R-EAST", "EAST"),
)
OTHER_REPS = (
    Persona("rep-south", "Imani", "Crestbourne", "Sales rep, South", (Role.REP,), boss="cs-lead"),
    Persona("rep-midwest", "Anders", "Pellworthy", "Sales rep, Midwest", (Role.REP,), boss="cs-lead"),
    Persona("rep-east", "Coralie", "Vandersmith", "Sales rep, East", (Role.REP,), boss="cs-lead"),
)


def make(world: World) -> None:
    ids: dict[str, int] = {}
    for persona in (*PERSONAS, *OTHER_REPS):
        ids[persona.key] = create_user(
            email=persona.email,
            first_name=persona.first,
            last_name=persona.last,
            roles=persona.roles,
            password=signins.password_of(persona.email) if persona in PERSONAS else None,
            time_zone="America/Los_Angeles" if persona.key == "rep" else "America/New_York",
            reports_to_id=ids.get(persona.boss),
            actor=SEEDER,
            now=world.opening,
        )
        channel = "console" if persona.door == "console" else "portal"
        roles = frozenset(str(role) for role in persona.roles)
        world.people[persona.key] = Actor(persona.name, user_id=ids[persona.key], roles=roles, channel=channel)
    _reps(world, ids)
    _absences(world, ids)
    _buyers(world, ids)
    _partners(world)


def _reps(world: World, ids: dict[str, int]) -> None:
    """A rep per territory. Hospitals share the commission with the neighbour, implants bring an overlay."""
    for key, code, territory in REPS:
        world.reps[territory] = world.keep(
            "accounts.Rep", user_id=ids[key], code=code, territory_id=world.territories[territory]
        )
    since = world.start - timedelta(days=200)
    neighbour = {"WEST": "MIDWEST", "MIDWEST": "EAST", "EAST": "SOUTH", "SOUTH": "WEST"}
    model = apps.get_model("accounts.RepAssignment")
    rows = []
    for customer in world.customers:
        here, there = world.reps[customer.territory], world.reps[neighbour[customer.territory]]
        shares = [(here, SplitKind.REVENUE, 100)]
        if customer.kind == "hospital":
            shares = [(here, SplitKind.REVENUE, 70), (there, SplitKind.REVENUE, 30)]
        elif customer.kind == "ortho":
            shares.append((there, SplitKind.OVERLAY, 10))
        rows += [
            model(account_id=customer.id, rep_id=rep_id, kind=kind, split_percent=percent, valid_from=since)
            for rep_id, kind, percent in shares
        ]
    with unit_of_work("demo: commission splits"):  # the shares of an account are whole only together
        model.objects.bulk_create(rows)


def _absences(world: World, ids: dict[str, int]) -> None:
    """The rep of the East is on holiday this week; the South stands in. The planner was away in the summer."""
    holiday = {"away_from": world.today - timedelta(days=2), "back_on": world.today + timedelta(days=5)}
    world.keep("accounts.UserAbsence", user_id=ids["rep-east"], delegate_id=ids["rep-south"], note="Holiday", **holiday)
    summer = {"away_from": world.today - timedelta(days=130), "back_on": world.today - timedelta(days=116)}
    world.keep("accounts.UserAbsence", user_id=ids["planner"], note="Summer holiday", **summer)


def _partners(world: World) -> None:
    """The two largest customers order by EDI; their unit codes are turned into ours."""
    for customer in world.customers[:2]:
        world.keep(
            "integrations.PartnerProfile",
            code=f"EDI-{customer.code}",
            name=customer.name,
            account_id=customer.id,
            status="confirmed",
            isa_qualifier="ZZ",
            isa_id=f"TMED{customer.code}",
            gs_id=f"TMED{customer.code}",
            our_isa_qualifier="ZZ",
            our_isa_id="THORNQUAY",
            unit_map={"BX": "EA", "CS": "CA", "PL": "PAL"},
            auto_submit=True,
            default_ship_to_id=customer.ship_to_ids[0],
            created_at=world.opening,
        )


def _buyers(world: World, ids: dict[str, int]) -> None:
    """The first customer has a buyer with limits and an approver; one person buys for the next two."""
    first, second, third = world.customers[:3]
    for key, customer, role, order_limit, period_limit in (
        ("buyer", first, BuyerRole.BUYER, 5_000, 40_000),
        ("approver", first, BuyerRole.APPROVER, None, None),
        ("two-companies", second, BuyerRole.BUYER, 10_000, None),
        ("two-companies", third, BuyerRole.ADMIN, None, None),
    ):
        world.keep(
            "accounts.Buyer",
            user_id=ids[key],
            account_id=customer.id,
            role=role,
            order_limit=order_limit,
            period_limit=period_limit,
        )
