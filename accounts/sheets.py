"""What of the accounts is imported and exported as sheets."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models.functions import Upper

from accounts.models import AccountGroup, GroupMembership, ShipTo
from accounts.rules.checks import identifier_problem
from accounts.services.settle_defaults import settle_defaults
from accounts.states import ACCOUNT, STAFF, AccountStatus, IdentifierKind, Role, ShipComplete
from core import sheets
from core.access import allow
from core.actors import Actor
from core.cells import Capitals, Choice, Clock, Currency, Day, Digits, Letters, Number, Text, TimeZone, Weekdays, YesNo
from core.sheet_periods import Pair, Stretch, overlap_problems
from core.sheet_table import SheetTable
from core.sheets import Change, Column, Problem, Sheet

KEEPERS = allow(view=STAFF, act={Role.OPERATOR, Role.CS_LEAD})
CARERS = allow(view=STAFF, act={Role.OPERATOR, Role.CS_LEAD, Role.CS})
PERCENT = Number(5, 2, high=Decimal(100))
SMALL = Number(5, high=Decimal(32_767))
Problems = Mapping[int, Sequence[Problem]]
_BORN = (AccountStatus.ACTIVE, AccountStatus.PROSPECT)


def _account(required: bool = True) -> Column:
    words = ("customer", "customer code", "customer no", "account code", "account no", "sold to")
    return Column("account", "Account", Text(40), required, refers="account", aliases=words)


# --- accounts -----------------------------------------------------------------------------------------------------
def check_accounts(changes: Sequence[Change], now: datetime) -> Problems:
    return {c.number: found for c in changes if (found := _status_problems(c))}


def _status_problems(change: Change) -> list[Problem]:
    """A life moves as its table says; suspending and closing need a reason, which a file does not give."""
    if "status" not in change.changed:
        return []
    target = AccountStatus(change.after["status"])
    if change.before is None:
        why = f"An account starts active or as a prospect, not {target}."
        return [] if target in _BORN else [Problem("status", why, "Import it active, then change it on its own page.")]
    if target in (AccountStatus.SUSPENDED, AccountStatus.CLOSED):
        why = f"To become {target}, an account needs a reason."
        return [Problem("status", why, "Change it on the account's own page, and leave the old value here.")]
    was = AccountStatus(change.before["status"])
    if ACCOUNT.allows(was, target):
        return []
    return [Problem("status", f"An account that is {was} cannot become {target}.", f"Leave it {was}.")]


_ACCOUNTS = (
    Column("code", "Account code", Text(40), required=True,
           aliases=("account", "customer", "customer code", "customer number", "customer no", "account number", "sold to")),
    Column("name", "Name", Text(200), required=True, aliases=("account name", "customer name", "company")),
    Column("status", "Status", Choice(tuple(AccountStatus)), clears=False, default="active"),
    Column("parent", "Parent account", Text(40), refers="account", to_itself=True, aliases=("parent code", "head office")),
    Column("tier", "Service tier", Text(20), refers="service tier", aliases=("service level", "class")),
    Column("territory", "Territory", Text(20), refers="territory", aliases=("sales area",)),
    Column("region", "Region", Text(40), aliases=("state", "province")),
    Column("currency", "Currency", Currency(), clears=False, default="USD"),
    Column("time_zone", "Time zone", TimeZone(), clears=False, default="UTC"),
    Column("is_tax_exempt", "Tax exempt", YesNo(), clears=False, default="no"),
    Column("po_number_required", "PO number required", YesNo(), clears=False, default="yes", aliases=("po required",)),
    Column("ship_complete", "Ship complete", Choice(tuple(ShipComplete)), clears=False, default="none"),
    Column("min_line_percent", "Minimum line %", PERCENT, clears=False, default="0"),
    Column("min_order_percent", "Minimum order %", PERCENT, clears=False, default="0"),
    Column("max_shipments", "Most shipments", SMALL, help="Empty: no limit."),
    Column("backorders_allowed", "Backorders allowed", YesNo(), clears=False, default="yes"),
    Column("short_close_percent", "Closed short, %", PERCENT, clears=False, default="0"),
    Column("over_ship_percent", "Taken above the order, %", PERCENT, clears=False, default="0"),
    Column("early_days_allowed", "Delivered early, days", SMALL, help="Empty: any; 0: not before the requested date."),
    Column("substitution_allowed", "Substitution allowed", YesNo(), clears=False, default="no"),
    Column("min_shelf_life_days", "Minimum shelf life, days", Number(9), clears=False, default="0"),
    Column("external_id", "External id", Text(80), aliases=("erp number", "erp id")),
)  # fmt: skip


# --- ship-tos -----------------------------------------------------------------------------------------------------
def check_ship_tos(changes: Sequence[Change], now: datetime) -> Problems:
    """One default an account: the one that is stops being it in the same file, near the one that becomes it."""
    becoming = [c for c in changes if c.changed.get("is_default", ("", ""))[1] == "yes"]
    ids = {c.id for c in changes if c.after.get("is_default") == "no"}
    codes = {c.after["account"] for c in becoming}
    standing = dict(
        ShipTo.objects.annotate(owner=Upper("account__code"))
        .filter(owner__in={code.upper() for code in codes}, is_default=True)
        .exclude(pk__in=ids)
        .values_list("account__code", "code")
    )
    first: dict[str, str] = {}
    found: dict[int, list[Problem]] = {}
    for c in becoming:
        account = c.after["account"]
        other = standing.get(account) or first.setdefault(account, c.after["code"])
        if other != c.after["code"]:
            why = f"{account} has the default address {other} already."
            found[c.number] = [Problem("is_default", why, f"Say no for {other} in the row above, or no here.")]
    for c in changes:
        found.setdefault(c.number, []).extend(_place_problems(c))
    return found


def _place_problems(change: Change) -> list[Problem]:
    values = {**(change.before or {}), **change.after}
    found = []
    if values.get("is_default") == "yes" and values.get("is_active") == "no":
        found.append(
            Problem(
                "is_active", "The default address is in use.", "Make another one the default, or say no under Default."
            )
        )
    if (gln := change.after.get("gln", "")) and (why := identifier_problem("gln", gln)):
        found.append(Problem("gln", why, "Check its digits."))
    return found


def settle_ship_tos(changes: Sequence[Change], *, actor: Actor, now: datetime) -> None:
    """An account with addresses has a default one, whatever its file says."""
    settle_defaults(account_codes={c.after["account"] for c in changes}, actor=actor, now=now)


_SHIP_TOS = (
    _account(),
    Column("code", "Ship-to code", Text(40), required=True, aliases=("ship to", "address code", "location")),
    Column("name", "Name", Text(200), required=True, aliases=("ship-to name", "address name")),
    Column("line1", "Address line 1", Text(200), aliases=("street", "address", "address 1", "line 1")),
    Column("line2", "Address line 2", Text(200), aliases=("address 2", "line 2")),
    Column("city", "City", Text(100), aliases=("town",)),
    Column("region", "Region", Text(40), aliases=("state", "province")),
    Column("postal_code", "Postal code", Text(20), aliases=("zip", "zip code", "postcode")),
    Column("country", "Country", Letters(2, "US"), clears=False, default="US", aliases=("country code",)),
    Column("time_zone", "Time zone", TimeZone(), clears=False, default="UTC"),
    Column("calendar", "Receiving calendar", Text(40), refers="calendar"),
    Column("gln", "GLN", Digits((13,), "GLN")),
    Column("edi_code", "EDI code", Text(80), aliases=("edi id", "store number")),
    Column("is_default", "Default", YesNo(), clears=False, default="no"),
    Column("is_active", "Active", YesNo(), clears=False, default="yes"),
)  # fmt: skip


# --- when ship-tos take goods in ------------------------------------------------------------------------------------
def check_receiving(changes: Sequence[Change], now: datetime) -> Problems:
    return {c.number: found for c in changes if (found := _receiving_problems(c))}


def _receiving_problems(change: Change) -> list[Problem]:
    if change.before is None:
        why = f"{change.after['account']} has no address {change.after['code']}."
        return [Problem("code", why, "Correct it, or import the address first (Ship-to addresses).")]
    values = {**change.before, **change.after}
    opens, closes = values["delivery_from"], values["delivery_to"]
    if bool(opens) != bool(closes):
        return [Problem("delivery_to", "A delivery window has a start and an end.", "Fill in both, or neither.")]
    if opens and closes <= opens:
        return [Problem("delivery_to", f"The window ends at {closes}, before it starts.", "Swap or correct them.")]
    return []


_RECEIVING = (
    _account(),
    Column("code", "Ship-to code", Text(40), required=True, aliases=("ship to", "address code", "location")),
    Column("delivery_days", "Delivery days", Weekdays(), aliases=("days", "receiving days"), help="Empty: any day."),
    Column("delivery_from", "Deliver from", Clock(), aliases=("from", "opens"), help="In the place's own time."),
    Column("delivery_to", "Deliver until", Clock(), aliases=("to", "until", "closes")),
    Column("calendar", "Receiving calendar", Text(40), refers="calendar", help="Closes days on top of that."),
)  # fmt: skip


# --- groups -------------------------------------------------------------------------------------------------------
def check_memberships(changes: Sequence[Change], now: datetime) -> Problems:
    """A membership ends after it starts, and no two of an account in a group overlap."""
    found: dict[int, list[Problem]] = defaultdict(list)
    for c in changes:
        if (end := c.after.get("valid_to", "")) and end <= c.after["valid_from"]:
            found[c.number].append(
                Problem("valid_to", f"It ends {end}, before it starts.", "The end is the first day without it.")
            )
        found[c.number].extend(_identifier_problems(c))
    pairs: dict[Pair, list[Stretch]] = defaultdict(list)
    near = (
        GroupMembership.objects.annotate(owner=Upper("account__code"))
        .filter(
            owner__in={c.after["account"].upper() for c in changes}, group__code__in={c.after["group"] for c in changes}
        )
        .exclude(pk__in=[c.id for c in changes if c.id])
    )
    for account, group, first, last in near.values_list("account__code", "group__code", "valid_from", "valid_to"):
        pairs[account, group].append((str(first), str(last or "9999"), "a membership on record"))
    whole = [c for c in changes if not found[c.number]]
    for number, problem in overlap_problems(whole, pairs, lambda v: (v["account"], v["group"])).items():
        found[number].append(problem)
    return found


def _identifier_problems(change: Change) -> list[Problem]:
    values = {**(change.before or {}), **change.after}
    kind, identifier = values.get("identifier_kind", ""), values.get("identifier", "")
    if bool(kind) != bool(identifier):
        return [Problem("identifier", "An identifier and its kind come together.", "Fill in both, or neither.")]
    why = identifier_problem(kind, identifier) if kind else ""
    return [Problem("identifier", why, "Check it against the member list.")] if why else []


_GROUPS = (
    Column("code", "Group code", Text(40), required=True, aliases=("group",)),
    Column("name", "Name", Text(120), required=True, aliases=("group name",)),
    Column("kind", "Kind", Choice(tuple(AccountGroup.Kind.values)), clears=False, default="buying_group"),
)  # fmt: skip
_MEMBERSHIPS = (
    _account(),
    Column("group", "Group", Text(40), required=True, refers="group", aliases=("group code", "gpo", "buying group")),
    Column("valid_from", "From", Day(), required=True, aliases=("valid from", "start", "start date")),
    Column("valid_to", "To", Day(), aliases=("valid to", "end", "end date"),
           help="The first day without it; empty: no end."),
    Column("identifier_kind", "Identifier kind", Choice(tuple(IdentifierKind)), help="What the identifier is."),
    Column("identifier", "Identifier", Capitals(40), aliases=("member number", "member id")),
)  # fmt: skip
_TERRITORIES = (
    Column("code", "Territory code", Text(20), required=True, aliases=("territory",)),
    Column("name", "Name", Text(80), required=True, aliases=("territory name",)),
)

_account_table = SheetTable(
    "accounts.Account", _ACCOUNTS, ("code",), (("parent", "code"), ("tier", "code"), ("territory", "code")), "account",
    status="status",
)  # fmt: skip
_ship_to_table = SheetTable(
    "accounts.ShipTo", _SHIP_TOS, ("account", "code"), (("account", "code"), ("calendar", "code")), "ship_to"
)
_receiving_table = SheetTable(
    "accounts.ShipTo", _RECEIVING, ("account", "code"), (("account", "code"), ("calendar", "code")), "ship_to"
)
_group_table = SheetTable("accounts.AccountGroup", _GROUPS, ("code",), (), "account_group")
_membership_table = SheetTable(
    "accounts.GroupMembership",
    _MEMBERSHIPS,
    ("account", "group", "valid_from"),
    (("account", "code"), ("group", "code")),
    "group_membership",
)
_territory_table = SheetTable("accounts.Territory", _TERRITORIES, ("code",), (), "territory")


def register() -> None:
    """Called once, when the room is ready."""
    sheets.register(
        Sheet(
            "accounts", "Accounts", _ACCOUNTS, ("code",), _account_table, _account_table.write, KEEPERS,
            check_accounts, _account_table.link, "Customer companies, with their parents and terms of delivery.",
            remove=_account_table.remove,
        )
    )  # fmt: skip
    sheets.register(
        Sheet(
            "ship_tos", "Ship-to addresses", _SHIP_TOS, ("account", "code"), _ship_to_table, _ship_to_table.write,
            CARERS, check_ship_tos, settle=settle_ship_tos, remove=_ship_to_table.remove,
            help="Where the goods of an account go.",
        )
    )  # fmt: skip
    sheets.register(
        Sheet(
            "receiving", "Ship-to receiving times", _RECEIVING, ("account", "code"), _receiving_table,
            _receiving_table.write, CARERS, check_receiving, help="When an address takes goods in.",
        )
    )  # fmt: skip
    sheets.register(
        Sheet("groups", "Groups", _GROUPS, ("code",), _group_table, _group_table.write, KEEPERS,
              help="Buying groups, chains and segments.", remove=_group_table.remove)
    )  # fmt: skip
    sheets.register(
        Sheet(
            "memberships", "Group memberships", _MEMBERSHIPS, ("account", "group", "valid_from"), _membership_table,
            _membership_table.write, KEEPERS, check_memberships, help="Which account is in which group, from when to when.",
            remove=_membership_table.remove,
        )
    )  # fmt: skip
    sheets.register(
        Sheet("territories", "Territories", _TERRITORIES, ("code",), _territory_table, _territory_table.write, KEEPERS,
              help="Sales areas.", remove=_territory_table.remove)
    )  # fmt: skip
