"""The next version of a contract: the same terms, lists, prices and what comes off them for as long again, from the day
this one ends."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import structlog
from django.db import models

from core import journal
from core.actors import Actor
from core.errors import NotFound, NotPermitted, Refused
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from pricing.contract_queries import ending_contracts
from pricing.locks import lock_contracts
from pricing.models import Contract, PriceAdjustment, PriceRow, PriceSource, TierActivation

log = structlog.get_logger(__name__)
WHO = frozenset({"pricing"})
AT_ONCE = 5_000  # rows of a copy


class NotToBeRenewed(Refused):
    template = "{number} is not renewed: {why}."
    remedy_template = "Look at the contract's versions."


@dataclass(frozen=True)
class Renewed:
    """The version there is now; `is_new` where this call made it. `lists` and `prices` are what was copied."""

    contract_id: int
    number: str
    valid_from: date
    valid_to: date
    lists: int = 0
    prices: int = 0
    is_new: bool = True


@door_verb
def renew_contract(*, contract_id: int, actor: Actor, now: datetime) -> Renewed:
    """Once: where a later version is there already it is answered, and nothing is made. Volumes promised are not copied:
    they are agreed on anew. Locks rank 15. Raises NotFound, NotPermitted, NotToBeRenewed (not in force, or a code it would
    give is taken)."""
    if actor.user_id is not None and not actor.has_role(*WHO):
        raise NotPermitted(actor=actor.label, verb="renew a contract", roles=", ".join(sorted(WHO)))
    return _renew(contract_id, actor, now)


def renew_due_contracts(*, actor: Actor, now: datetime) -> list[Renewed]:
    """Of the contracts that renew by themselves, those inside their days of notice without a later version. Each by itself:
    of one that cannot be, the case of the contract that ends stays open."""
    done = []
    for ending in ending_contracts(on=now.date()):
        if ending.renews:
            try:
                done.append(renew_contract(contract_id=ending.contract_id, actor=actor, now=now))
            except NotToBeRenewed as refusal:
                log.warning("contract not renewed", contract_id=ending.contract_id, why=refusal.message)
    return done


@require_uow
def _renew(contract_id: int, actor: Actor, now: datetime) -> Renewed:
    found = lock_contracts([contract_id])
    if not found:
        raise NotFound(kind="contract", ident=contract_id)
    old = found[0]
    later = Contract.objects.filter(code=old.code, valid_from__gte=old.valid_to).order_by("valid_from").first()
    if later is not None:
        return Renewed(later.pk, str(later), later.valid_from, later.valid_to, is_new=False)
    if not old.is_active:
        raise NotToBeRenewed(number=str(old), why="it is not in force")
    version = 1 + max(Contract.objects.filter(code=old.code).values_list("version", flat=True))
    new = _copy(old, version=version, valid_from=old.valid_to, valid_to=old.valid_to + (old.valid_to - old.valid_from))
    new.save(force_insert=True)
    lists = _copy_lists(old, new)
    prices = sum(_copy_rows(was, now_, new) for was, now_ in lists)
    told = f"Renewed as {new}: {new.valid_from} to {new.valid_to}, {len(lists)} lists with {prices} prices"
    entries = [journal.Entry(DocumentRef("contract", c.pk, str(c)), "renewed", told) for c in (old, new)]
    journal.write(entries, actor=actor, now=now)
    return Renewed(new.pk, str(new), new.valid_from, new.valid_to, len(lists), prices)


def _copy(row: models.Model, **changes: Any) -> Any:
    values = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.generated}
    return type(row)(**{**values, "id": None, **changes})


def _copy_lists(old: Contract, new: Contract) -> list[tuple[PriceSource, PriceSource]]:
    """The lists that hold at the end of the old version, each with its copy under the new one."""
    alive = models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=old.valid_to)
    was = list(PriceSource.objects.filter(alive, contract=old, is_active=True).order_by("pk"))
    made = [
        _copy(s, code=_code(s.code, new.version), contract_id=new.pk, valid_from=new.valid_from, valid_to=None)
        for s in was
    ]
    _refuse_taken(old, PriceSource, [s.code for s in made])
    return list(zip(was, PriceSource.objects.bulk_create(made), strict=True))


def _refuse_taken(old: Contract, model: type[PriceSource] | type[PriceAdjustment], codes: Iterable[str]) -> None:
    if taken := model.objects.filter(code__in=set(codes)).order_by("code").first():
        raise NotToBeRenewed(number=str(old), why=f"{taken.code} is there already")


def _code(code: str, version: int) -> str:
    """ "ACME-26" is "ACME-26 v2" in the second version, and that "ACME-26 v3" in the third."""
    suffix = f" v{version}"
    return re.sub(r" v\d+$", "", code)[: 40 - len(suffix)] + suffix


def _copy_rows(was: PriceSource, made: PriceSource, new: Contract) -> int:
    """Prices, what comes off or on them, and activations of tiers that hold on the first day or later. How many prices."""
    start = new.valid_from
    alive = models.Q(valid_to__isnull=True) | models.Q(valid_to__gt=start)
    prices = _copied(PriceRow.objects.filter(alive, source=was).order_by("pk"), made, start)
    _copied(TierActivation.objects.filter(alive, source=was).order_by("pk"), made, start)
    adjustments = PriceAdjustment.objects.filter(alive, source=was, is_active=True).order_by("pk")
    codes = {code: _code(code, new.version) for code in adjustments.values_list("code", flat=True)}
    _refuse_taken(new, PriceAdjustment, codes.values())
    _copied(adjustments, made, start, codes)
    return prices


def _copied(
    rows: models.QuerySet[Any], made: PriceSource, start: date, codes: Mapping[str, str] = MappingProxyType({})
) -> int:
    """`codes`: what those that have a code of their own are called on the new list."""
    count = 0
    batch: list[Any] = []
    for row in rows.iterator(chunk_size=AT_ONCE):
        called = {"code": codes[row.code]} if codes else {}
        batch.append(_copy(row, source_id=made.pk, valid_from=max(row.valid_from, start), **called))
        count += 1
        if len(batch) == AT_ONCE:
            _insert(batch)
            batch = []
    _insert(batch)
    return count


def _insert(batch: Sequence[Any]) -> None:
    if batch:
        type(batch[0])._base_manager.bulk_create(batch)
