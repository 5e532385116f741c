"""Tell a trading partner what its account can have: an 846, from the same availability as every other door."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings

from accounts.queries import account_snapshots
from accounts.rules.asks import AccountSnapshot
from catalog.queries import check_eligibility, part_numbers_of, product_snapshots, resolve_parts
from catalog.rules.asks import EligibilityItem, PartQuery, ProductSnapshot
from core import journal, numbering
from core.actors import Actor
from core.clock import local_date
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.refs import DocumentRef
from core.uow import door_verb
from integrations.models import OutboundDocument, PartnerProfile
from integrations.rules.ia846 import AdviceLine, Parties, increments, write_846
from integrations.rules.x12_writer import Control
from integrations.states import DocumentKind, PartnerStatus
from inventory.queries import availability
from inventory.rules.asks import Availability, AvailabilityQuery

MOST = 5_000


class PartnerNotConfirmed(Refused):
    template = "Trading partner {partner} is not confirmed: nobody has said whose stock figures it may read."
    remedy_template = "Confirm the partner, with the right account, then advise it."


class OurIdIsMissing(Refused):
    template = "The profile of {partner} does not say under which ISA id we send."
    remedy_template = "Fill in our ISA id (and its qualifier) on the partner's page."


class NothingToAdvise(Refused):
    template = "{partner} has no part numbers of its own, or may buy none of the products named."
    remedy_template = "Name SKUs it may buy, or give its account part numbers."


@door_verb
def advise_stock(*, partner_id: int, codes: Sequence[str] = (), actor: Actor, now: datetime) -> int:
    """The id of the 846 that was written. `codes` are SKUs, part numbers of the customer or GTINs; none: all the
    products it has part numbers for. What it may not buy is left out.

    A constant number of statements. Raises NotFound, PartnerNotConfirmed, OurIdIsMissing, InvalidInput (unknown codes,
    too many), NothingToAdvise.
    """
    partner = PartnerProfile.objects.filter(pk=partner_id).first()
    if partner is None:
        raise NotFound(kind="trading partner", ident=partner_id)
    if partner.status != PartnerStatus.CONFIRMED:
        raise PartnerNotConfirmed(partner=partner.code)
    if not partner.our_isa_id.strip():
        raise OurIdIsMissing(partner=partner.code)
    account = account_snapshots([partner.account_id], on=now.date())[partner.account_id]
    parts = part_numbers_of(account.id)
    given = list(dict.fromkeys(c.strip() for c in codes if c.strip()))
    _refuse_many(len(given or parts))
    wanted = _named(given, account.id) if given else list(parts)
    lines = _lines(wanted, parts, account, partner.unit_map, now)
    if not lines:
        raise NothingToAdvise(partner=partner.code)
    (number,) = numbering.draw("edi_control", prefix="")
    control = Control(int(number), int(number), now)
    text = write_846(lines, _parties(partner, account), control, reference=f"IA-{int(number)}")
    document = OutboundDocument.objects.create(
        kind=DocumentKind.STOCK, partner=partner, control=f"{int(number) % 10**9:09}", text=text, created_at=now
    )
    words = f"Stock advice {document.control}: {len(lines)} product(s)"
    subject = DocumentRef("trading_partner", partner.pk, partner.code)
    journal.write([journal.Entry(subject, "advised", words)], actor=actor, now=now)
    return document.pk


def _refuse_many(count: int) -> None:
    """Also of those that nobody named: a partner told of a part would take it for all."""
    if count > MOST:
        words = f"{count:,} products are asked for, at most {MOST:,} go into one advice."
        raise InvalidInput([FieldError("/codes", "too_many", words, "Name fewer, and write several advices.")])


def _named(given: Sequence[str], account_id: int) -> list[int]:
    """In the order named, each once."""
    found = resolve_parts([PartQuery(code, account_id, code) for code in given])
    errors = [
        FieldError(f"/codes/{n}", "unknown_part", f"Nothing is called {code[:40]}.", "Give a SKU, part number or GTIN.")
        for n, code in enumerate(given)
        if code not in found
    ]
    if errors:
        raise InvalidInput(errors)
    return list(dict.fromkeys(found[code].product_id for code in given))


def _lines(
    product_ids: Sequence[int], parts: Mapping[int, str], account: AccountSnapshot, unit_map: Mapping[str, str],
    now: datetime,
) -> list[AdviceLine]:  # fmt: skip
    today = local_date(now, account.time_zone)
    asked = [EligibilityItem(str(i), account.id, i) for i in product_ids]
    barred = {int(v.key) for v in check_eligibility(asked, on=today)}
    ids = tuple(i for i in product_ids if i not in barred)
    if not ids:
        return []
    query = AvailabilityQuery(ids, account.id, today, min_shelf_life_days=account.min_shelf_life_days, now=now)
    found, products = availability(query), product_snapshots(ids)
    theirs = {ours: code for code, ours in unit_map.items()}
    return [_line(products[i], parts.get(i, ""), found[i], theirs) for i in ids]


def _line(product: ProductSnapshot, part: str, found: Availability, theirs: Mapping[str, str]) -> AdviceLine:
    points = [(point.day, point.qty) for point in found.atp]
    return AdviceLine(
        product.sku,
        part,
        product.gtin,
        product.name,
        theirs.get(product.base_unit, product.base_unit),
        found.available,
        increments(points, found.available),
    )


def _parties(partner: PartnerProfile, account: AccountSnapshot) -> Parties:
    seller = str(settings.SELLER).split("|")[0].strip()
    return Parties(
        partner.our_isa_qualifier or "ZZ", partner.our_isa_id, partner.isa_qualifier, partner.isa_id, partner.gs_id,
        seller, account.name, account.code,
    )  # fmt: skip
