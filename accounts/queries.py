"""Reads of accounts: batch-shaped, a constant number of SQL statements for 1 and for 500 ids."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Upper

from accounts.approval_queries import approvals as approvals
from accounts.approval_queries import approvals_of as approvals_of
from accounts.approval_queries import pending_approvals as pending_approvals
from accounts.models import Account, Buyer, GroupMembership, Rep, ShipTo, User
from accounts.rules import asks, ship_tos, standing_in
from accounts.rules.asks import AccountSnapshot, RepSplit, ShipToSnapshot
from accounts.rules.ship_tos import fold
from accounts.rules.standing_in import Person
from accounts.spending_queries import buyer_of as buyer_of
from accounts.spending_queries import counted_by_document as counted_by_document
from accounts.spending_queries import headrooms as headrooms
from accounts.spending_queries import spent_in as spent_in
from accounts.states import AccountStatus, BuyerRole, ShipComplete, SplitKind
from core import sql
from core.memo import once_per_unit

# fmt: off
_ACCOUNT_COLUMNS = (
    "id", "code", "name", "status", "parent_id", "tier_id", "territory_id", "region", "currency", "time_zone",
    "po_number_required", "ship_complete", "min_line_percent", "min_order_percent", "max_shipments",
    "backorders_allowed", "substitution_allowed", "min_shelf_life_days", "is_tax_exempt", "public_id", "over_ship_percent",
    "early_days_allowed", "short_close_percent",
)
# fmt: on
# Raw, because every order asks: building the same statement with the ORM takes longer than running it.
_SNAPSHOTS = f"""
SELECT {", ".join("a." + column for column in _ACCOUNT_COLUMNS)}, t.rank, t.fair_share_weight, t.order_lock_days,
       ARRAY(SELECT m.group_id FROM accounts_groupmembership m
              WHERE m.account_id = a.id AND m.valid_from <= %(on)s AND (m.valid_to IS NULL OR m.valid_to > %(on)s))
  FROM accounts_account a LEFT JOIN accounts_servicetier t ON t.id = a.tier_id
 WHERE a.id = ANY(%(ids)s::bigint[])
"""


def _in_force(on: date) -> Q:
    return Q(valid_from__lte=on) & (Q(valid_to__isnull=True) | Q(valid_to__gt=on))


@once_per_unit
def account_snapshots(account_ids: Iterable[int], *, on: date) -> dict[int, AccountSnapshot]:
    """The accounts with their tier and the groups they are members of on that day. Unknown ids are absent. 1 SQL."""
    if not (ids := list(set(account_ids))):
        return {}
    return {row[0]: _snapshot(row) for row in sql.rows(_SNAPSHOTS, {"ids": ids, "on": on})}


def _snapshot(values: Sequence[Any]) -> AccountSnapshot:
    *columns, rank, weight, lock_days, group_ids = values
    row = dict(zip(_ACCOUNT_COLUMNS, columns, strict=True))
    row |= {
        "status": AccountStatus(row["status"]),
        "ship_complete": ShipComplete(row["ship_complete"]),
        "public_id": str(row["public_id"]),
    }
    return AccountSnapshot(
        **row,
        tier_rank=asks.NO_TIER_RANK if rank is None else rank,
        fair_share_weight=asks.Decimal(1) if weight is None else weight,
        order_lock_days=lock_days or 0,
        group_ids=frozenset(group_ids),
    )


def names(account_ids: Iterable[int]) -> dict[int, str]:
    """{id: "CODE Name"}. 1 SQL."""
    rows = Account.objects.filter(id__in=set(account_ids)).values_list("id", "code", "name")
    return {pk: f"{code} {name}" for pk, code, name in rows}


_BY_CODE = """
SELECT wanted.key, account.id FROM unnest(%(keys)s::text[], %(codes)s::text[]) AS wanted(key, code)
  JOIN accounts_account account ON upper(account.code) = upper(wanted.code)
"""


def accounts_by_code(codes: Iterable[str]) -> dict[str, int]:
    """{CODE: account_id} in upper case, however the codes were written; unknown codes are absent. 1 SQL.

    The database compares, so that its idea of upper case and its unique index are one.
    """
    wanted = [code.strip() for code in set(codes)]
    with connection.cursor() as cursor:
        cursor.execute(_BY_CODE, {"keys": [code.upper() for code in wanted], "codes": wanted})
        return dict(cursor.fetchall())


def accounts_by_public_id(public_ids: Iterable[str]) -> dict[str, int]:
    """{public_id: account_id} for the API's opaque ids (valid UUIDs). 1 SQL."""
    rows = Account.objects.filter(public_id__in=list(public_ids)).values_list("public_id", "id")
    return {str(public_id): pk for public_id, pk in rows}


_SHIP_TOS = (
    f"SELECT {', '.join(ShipToSnapshot.__dataclass_fields__)} FROM accounts_shipto WHERE id = ANY(%(ids)s::bigint[])"
)


@once_per_unit
def ship_to_snapshots(ship_to_ids: Iterable[int]) -> dict[int, ShipToSnapshot]:
    """1 SQL, raw because every order asks."""
    if not (ids := list(set(ship_to_ids))):
        return {}
    return {row[0]: ShipToSnapshot(*row) for row in sql.rows(_SHIP_TOS, {"ids": ids})}


def ship_tos_of(account_id: int) -> list[ShipToSnapshot]:
    """The account's active ship-tos, the default one first, then by name. 1 SQL."""
    rows = ShipTo.objects.filter(account_id=account_id, is_active=True)
    return _ship_tos(rows.order_by("-is_default", "name", "id"))


def ship_tos_of_many(account_ids: Iterable[int]) -> dict[int, list[ShipToSnapshot]]:
    """The same for many accounts, an empty list where there is none. 1 SQL."""
    rows = ShipTo.objects.filter(account_id__in=set(account_ids), is_active=True)
    found: dict[int, list[ShipToSnapshot]] = {account_id: [] for account_id in account_ids}
    for place in _ship_tos(rows.order_by("account_id", "-is_default", "name", "id")):
        found[place.account_id].append(place)
    return found


def _ship_tos(rows: QuerySet[ShipTo]) -> list[ShipToSnapshot]:
    columns = list(ShipToSnapshot.__dataclass_fields__)
    return [ShipToSnapshot(**row) for row in rows.values(*columns)]


_SHIP_TOS_NAMED = """
SELECT place.id, place.account_id, place.code, place.edi_code, place.gln
  FROM unnest(%(accounts)s::bigint[], %(names)s::text[]) AS wanted(account_id, name)
  JOIN accounts_shipto place ON place.account_id = wanted.account_id
   AND upper(wanted.name) IN (upper(place.code), upper(place.edi_code), place.gln)
 WHERE place.is_active
"""


def match_ship_tos(wanted: Iterable[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """{(account_id, identifier): ship_to_id} among active ship-tos; see accounts.rules.ship_tos. 1 SQL."""
    pairs = [(account_id, name) for account_id, name in set(wanted) if name.strip()]
    parameters: dict[str, list[Any]] = {"accounts": [a for a, _ in pairs], "names": [name.strip() for _, name in pairs]}
    with connection.cursor() as cursor:
        cursor.execute(_SHIP_TOS_NAMED, parameters)
        return dict(ship_tos.match(pairs, [ship_tos.Named(*row) for row in cursor.fetchall()]))


_SPLITS = """
SELECT account_id, rep_id, kind, split_percent FROM accounts_repassignment
 WHERE account_id = ANY(%(ids)s::bigint[]) AND valid_from <= %(on)s AND (valid_to IS NULL OR valid_to > %(on)s)
 ORDER BY account_id, id
"""


def rep_splits(account_ids: Iterable[int], *, on: date) -> dict[int, tuple[RepSplit, ...]]:
    """Who sells to each account on that day; accounts nobody sells to have no entry. 1 SQL."""
    found: dict[int, list[RepSplit]] = {}
    for account_id, rep_id, kind, percent in sql.rows(_SPLITS, {"ids": list(set(account_ids)), "on": on}):
        found.setdefault(account_id, []).append(RepSplit(rep_id, SplitKind(kind), percent))
    return {account_id: tuple(splits) for account_id, splits in found.items()}


def rep_names(rep_ids: Iterable[int]) -> dict[int, str]:
    """{rep_id: "CODE Name"}. 1 SQL."""
    rows = Rep.objects.filter(id__in=set(rep_ids)).select_related("user")
    return {rep.pk: str(rep) for rep in rows}


def user_names(user_ids: Iterable[int]) -> dict[int, str]:
    """{user_id: name for people}. 1 SQL."""
    return {user.pk: str(user) for user in User.objects.filter(id__in=set(user_ids))}


def user_by_email(email: str) -> int | None:
    """1 SQL; case does not matter."""
    return User.objects.filter(email__iexact=email.strip()).values_list("id", flat=True).first()


def memberships_by_identifier(identifiers: Iterable[tuple[str, str]], *, on: date) -> dict[tuple[str, str], set[int]]:
    """{(kind, identifier): account ids} that are proven by the identifier to be in a group on that day, whatever the
    case it is written in; an identifier may be of several. 1 SQL."""
    wanted = {(kind, text): (kind, fold(text)) for kind, text in set(identifiers)}
    rows = GroupMembership.objects.annotate(folded=Upper("identifier")).filter(
        _in_force(on), folded__in={text for _, text in wanted.values()}
    )
    known: dict[tuple[str, str], set[int]] = {}
    for kind, folded, account_id in rows.values_list("identifier_kind", "folded", "account_id"):
        known.setdefault((kind, folded), set()).add(account_id)
    return {asked: known[key] for asked, key in wanted.items() if key in known}


_PEOPLE = """
WITH RECURSIVE away AS (
  SELECT absence.user_id, absence.delegate_id
    FROM accounts_userabsence absence JOIN accounts_user person ON person.id = absence.user_id
   WHERE absence.away_from <= (%(at)s::timestamptz AT TIME ZONE person.time_zone)::date
     AND (absence.back_on IS NULL OR absence.back_on > (%(at)s::timestamptz AT TIME ZONE person.time_zone)::date)
), person AS (
  SELECT id, reports_to_id, is_active FROM accounts_user WHERE id = ANY(%(ids)s)
  UNION
  SELECT other.id, other.reports_to_id, other.is_active
    FROM person LEFT JOIN away ON away.user_id = person.id
    JOIN accounts_user other ON other.id IN (person.reports_to_id, away.delegate_id)
)
SELECT person.id, person.reports_to_id, person.is_active, away.user_id IS NOT NULL, away.delegate_id
  FROM person LEFT JOIN away ON away.user_id = person.id
"""


def _people_around(user_ids: Iterable[int], at: datetime) -> dict[int, Person]:
    """The people, everybody above them, and the delegates of whoever is away at that moment (a day away is a day
    where they are). 1 SQL."""
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, {"ids": list(set(user_ids)), "at": at})
        return {row[0]: Person(*row) for row in cursor.fetchall()}


def who_acts_for(user_ids: Iterable[int], *, at: datetime) -> dict[int, int | None]:
    """{user_id: who acts for them at that moment}: themselves where they are there, None where nobody is. 1 SQL."""
    wanted = set(user_ids)
    people = _people_around(wanted, at)
    return {pk: standing_in.acting_for(pk, people) for pk in wanted}


def escalation_chain(user_id: int, *, at: datetime) -> list[int]:
    """Whom to tell, in order, starting with who acts for the person; see accounts.rules.standing_in. 1 SQL."""
    return standing_in.escalation_chain(user_id, _people_around([user_id], at))


def escalation_chains(user_ids: Iterable[int], *, at: datetime) -> dict[int, list[int]]:
    """The same for many. 1 SQL."""
    wanted = set(user_ids)
    people = _people_around(wanted, at) if wanted else {}
    return {pk: standing_in.escalation_chain(pk, people) for pk in wanted}


_ABOVE = """
WITH RECURSIVE line(id, distance) AS (
  SELECT %(start)s::bigint, 0
  UNION
  SELECT higher.{column}::bigint, line.distance + 1
    FROM line JOIN {table} higher ON higher.id = line.id
   WHERE higher.{column} IS NOT NULL AND line.distance < 100
)
SELECT id FROM line ORDER BY distance
"""


def parents_above(account_id: int) -> list[int]:
    """The account and everything it stands under, nearest first. 1 SQL."""
    return _above("accounts_account", "parent_id", account_id)


_LINES_ABOVE = """
WITH RECURSIVE line(start, id, parent_id, distance) AS (
  SELECT id, id, parent_id, 0 FROM accounts_account WHERE id = ANY(%(ids)s)
  UNION ALL
  SELECT line.start, higher.id, higher.parent_id, line.distance + 1
    FROM line JOIN accounts_account higher ON higher.id = line.parent_id WHERE line.distance < 20
)
SELECT start, array_agg(id ORDER BY distance) FROM line WHERE distance > 0 GROUP BY start
"""


def accounts_above(account_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """{id: what it stands under, nearest first}; accounts at the top are absent. 1 SQL."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES_ABOVE, {"ids": list(set(account_ids))})
        return {start: tuple(above) for start, above in cursor.fetchall()}


def membership_spans(account_ids: Iterable[int]) -> dict[int, dict[int, tuple[tuple[date, date | None], ...]]]:
    """{account_id: {group_id: its spans of membership, half-open}}, past and to come. 1 SQL."""
    rows = GroupMembership.objects.filter(account_id__in=set(account_ids)).order_by("valid_from")
    found: dict[int, dict[int, tuple[tuple[date, date | None], ...]]] = {}
    for account_id, group_id, start, end in rows.values_list("account_id", "group_id", "valid_from", "valid_to"):
        groups = found.setdefault(account_id, {})
        groups[group_id] = (*groups.get(group_id, ()), (start, end))
    return found


def managers_above(user_id: int) -> list[int]:
    """The person and everybody they report to, nearest first. 1 SQL."""
    return _above("accounts_user", "reports_to_id", user_id)


def _above(table: str, column: str, start: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_ABOVE.format(table=table, column=column), {"start": start})
        return [pk for (pk,) in cursor.fetchall()]


def bought_for(user_id: int) -> list[tuple[int, str, BuyerRole]]:
    """[(account_id, "CODE Name", role)] of the companies somebody buys for directly: more than one means that they
    say for which. 1 SQL."""
    rows = Buyer.objects.filter(user_id=user_id, is_active=True).select_related("account").order_by("account__name")
    return [(row.account_id, str(row.account), BuyerRole(row.role)) for row in rows]


_VISIBLE = """
WITH RECURSIVE bought_for(id, goes_down) AS (
  SELECT account_id, includes_children FROM accounts_buyer WHERE user_id = %(user)s AND is_active AND %(buys)s
  UNION
  SELECT child.id, TRUE FROM bought_for JOIN accounts_account child ON child.parent_id = bought_for.id
   WHERE bought_for.goes_down
), seller AS (
  SELECT id, territory_id FROM accounts_rep WHERE user_id = %(user)s AND %(sells)s
)
SELECT id FROM bought_for
UNION
SELECT account.id FROM seller JOIN accounts_account account ON account.territory_id = seller.territory_id
UNION
SELECT assigned.account_id FROM seller JOIN accounts_repassignment assigned ON assigned.rep_id = seller.id
 WHERE assigned.valid_from <= %(on)s AND (assigned.valid_to IS NULL OR %(on)s < assigned.valid_to)
"""


def accounts_seen_by(user_id: int, *, as_buyer: bool, as_rep: bool, on: date) -> frozenset[int]:
    """What a buyer (own accounts, and all below where granted) and a rep (the territory, and who is assigned on that
    day) may see. 1 SQL. The rule of who is which is in accounts.access."""
    with connection.cursor() as cursor:
        cursor.execute(_VISIBLE, {"user": user_id, "buys": as_buyer, "sells": as_rep, "on": on})
        return frozenset(pk for (pk,) in cursor.fetchall())


def search_accounts(text: str, *, among: asks.Visible, limit: int = 20) -> list[tuple[int, str, str]]:
    """[(id, code, name)] of accounts whose code or name contains `text`, codes that start with it first. 1 SQL."""
    words = text.strip()
    rows = among.narrow(Account.objects.filter(Q(code__icontains=words) | Q(name__icontains=words)), "id")
    ranked = rows.alias(starts=Q(code__istartswith=words)).order_by("-starts", "code")
    return list(ranked.values_list("id", "code", "name")[:limit])
