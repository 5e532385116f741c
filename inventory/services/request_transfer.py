"""Ask for our own goods to be moved to another site. Nothing is held yet: what is free when the truck is loaded goes."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from catalog.queries import product_snapshots
from catalog.rules.asks import ProductSnapshot
from catalog.states import Tracking
from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, Refused
from core.numbering import draw
from core.quantity import is_exact, plain
from core.refs import DocumentRef
from core.uow import door_verb
from inventory.models import Lot, Site, Transfer, TransferLine
from inventory.rules.transfers import TransferLineSpec
from inventory.services.places import lots_called, refuse_unfit, site_called, today_at
from inventory.services.serials import one_unit_or_none

CANNOT_TRAVEL = "it does not travel as good stock"


class TransferToItself(Refused):
    template = "A transfer from {site} to {site} moves nothing."
    remedy_template = "Choose another site to send to; a change of status has its own action."


@door_verb
def request_transfer(
    *,
    from_site_id: int,
    to_site_id: int,
    expected_date: date,
    lines: Sequence[TransferLineSpec],
    reason: str = "",
    key: str,
    actor: Actor,
    now: datetime,
) -> int:
    """The transfer's id; the same key again gives the first one.

    Raises TransferToItself, SiteIsClosed, NotFound, InvalidInput, LotOfAnotherProduct, UnknownLot, LotIsRecalled,
    LotIsExpired.
    """
    known = Transfer.objects.filter(request_key=key).values_list("id", flat=True).first()
    if known is not None:
        return known
    source = site_called(from_site_id, verb="nothing is sent from there")
    target = site_called(to_site_id, verb="nothing is sent there")
    if source == target:
        raise TransferToItself(site=source.code)
    _refuse_wrong(lines, expected_date, today_at(source, now))
    lots = lots_called([(x.product_id, x.lot_code) for x in lines])
    refuse_unfit(lots.values(), verb=CANNOT_TRAVEL, on=today_at(target, now))
    return _insert(source, target, expected_date, reason, lines, lots, key=key, actor=actor, now=now)


def _insert(
    source: Site, target: Site, expected_date: date, reason: str, lines: Sequence[TransferLineSpec],
    lots: dict[tuple[int, str], Lot], *, key: str, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    row = Transfer(
        number=draw("transfer", prefix="TR-")[0],
        request_key=key,
        from_site=source,
        to_site=target,
        expected_date=expected_date,
        reason=reason.strip()[:200],
        requested_at=now,
        requested_by=actor.label,
    )
    Transfer.objects.bulk_create([row], ignore_conflicts=True)  # a twin with this key may be first
    stored = Transfer.objects.get(request_key=key)
    if stored.number != row.number:
        return stored.pk
    TransferLine.objects.bulk_create(
        TransferLine(transfer=stored, product_id=x.product_id, lot=lots.get((x.product_id, x.lot_code)), qty=x.qty)
        for x in lines
    )
    units = plain(sum((x.qty for x in lines), Decimal(0)))
    words = f"{units} of {len(lines)} line(s) from {source} to {target}, expected {expected_date:%d %b %Y}"
    journal.write([journal.Entry(transfer_ref(stored), "requested", words)], actor=actor, now=now)
    return stored.pk


def transfer_ref(row: Transfer) -> DocumentRef:
    return DocumentRef("transfer", row.pk, row.number)


def refuse_wrong_lines(lines: Sequence[TransferLineSpec]) -> None:
    """Raises InvalidInput with all that is wrong with them."""
    if errors := _wrong_lines(lines):
        raise InvalidInput(errors)


def _refuse_wrong(lines: Sequence[TransferLineSpec], expected_date: date, today: date) -> None:
    errors = _wrong_lines(lines)
    if expected_date < today:
        errors.append(
            FieldError("/expected_date", "in_the_past", f"{expected_date} is past.", "Say when it will arrive.")
        )
    if errors:
        raise InvalidInput(errors)


def _wrong_lines(lines: Sequence[TransferLineSpec]) -> list[FieldError]:
    errors = [e for n, line in enumerate(lines) for e in _wrong_line(n, line)]
    if not lines:
        errors.append(FieldError("/lines", "no_lines", "The transfer moves nothing.", "Name a product and a quantity."))
    places = [(x.product_id, x.lot_code.strip().upper()) for x in lines]
    if len(set(places)) < len(places):
        errors.append(
            FieldError("/lines", "named_twice", "A product and lot is named twice.", "Put it on one line with the sum.")
        )
    products = product_snapshots([x.product_id for x in lines])
    for n, line in enumerate(lines):
        if line.product_id not in products:
            words = "There is no such product."
            errors.append(FieldError(f"/lines/{n}/product", "unknown_product", words, "Name a product by its SKU."))
        elif products[line.product_id].tracking == Tracking.SERIAL and (wrong := _no_unit(products, line)):
            errors.append(FieldError(f"/lines/{n}/qty", *wrong))
    return errors


def _no_unit(products: Mapping[int, ProductSnapshot], line: TransferLineSpec) -> tuple[str, str, str] | None:
    return one_unit_or_none(products[line.product_id].sku, line.lot_code, line.qty)


def _wrong_line(n: int, line: TransferLineSpec) -> list[FieldError]:
    if is_exact(line.qty) and line.qty > 0:
        return []
    words = "A quantity is above zero, of at most four decimal places."
    return [FieldError(f"/lines/{n}/qty", "not_a_quantity", words, "Correct it, or leave the line out.")]
