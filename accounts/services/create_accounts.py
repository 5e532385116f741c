"""Make many accounts at once: imports, EDI and the demo data."""

from collections.abc import Sequence
from datetime import datetime

from accounts.models import Account
from accounts.queries import accounts_by_code
from accounts.rules.asks import AccountSpec
from accounts.rules.checks import account_problems
from core import journal
from core.actors import Actor
from core.errors import InvalidInput
from core.refs import DocumentRef
from core.uow import door_verb

_BATCH = 2_000


@door_verb
def create_accounts(specs: Sequence[AccountSpec], *, actor: Actor, now: datetime) -> dict[str, int]:
    """{CODE: account_id} in upper case for every spec. A code that exists, in any case, is returned and left as it is;
    a code that comes twice is made once, as it came first.

    Raises InvalidInput with every bad field (pointers /3/code).
    """
    if problems := account_problems(specs):
        raise InvalidInput(problems)
    wanted: dict[str, AccountSpec] = {}
    for spec in specs:
        wanted.setdefault(spec.code.strip().upper(), spec)
    known = accounts_by_code(wanted)
    # In the order of their codes, so that two imports of the same codes wait for each other in one direction.
    rows = {code: _row(wanted[code]) for code in sorted(wanted.keys() - known.keys())}
    Account.objects.bulk_create(rows.values(), ignore_conflicts=True, batch_size=_BATCH)
    found = accounts_by_code(row.code for row in rows.values())
    made = set(Account.objects.filter(public_id__in=[r.public_id for r in rows.values()]).values_list("id", flat=True))
    entries = [_entry(pk, wanted[code]) for code, pk in found.items() if pk in made]  # not those of a twin
    journal.write(entries, actor=actor, now=now)
    return known | found


def _row(spec: AccountSpec) -> Account:
    return Account(
        code=spec.code.strip(),
        name=spec.name.strip(),
        status=spec.status,
        currency=spec.currency,
        region=spec.region,
        time_zone=spec.time_zone,
        tier_id=spec.tier_id,
        territory_id=spec.territory_id,
        parent_id=spec.parent_id,
        po_number_required=spec.po_number_required,
        external_id=spec.external_id,
    )


def _entry(account_id: int, spec: AccountSpec) -> journal.Entry:
    ref = DocumentRef("account", account_id, spec.code.strip())
    return journal.Entry(ref, "created", f"account {spec.code.strip()} {spec.name.strip()} created"[:300])
