"""An order came with words for payment terms that nobody knows here: said once what they mean, remembered for all."""

from datetime import datetime
from decimal import Decimal

from core import journal, overrides
from core.actors import Actor
from core.clock import company_day
from core.errors import NotFound, NotPermitted
from core.refs import DocumentRef
from core.uow import door_verb
from credit.authority import authority_of
from credit.services.lock_accounts import lock_accounts
from credit.services.name_terms import name_terms as say_once
from orders.locks import lock_orders
from orders.queries import account_of
from orders.services.change_terms import require_authority
from orders.services.reevaluate_credit_holds import Reevaluated, look_again


@door_verb
def name_terms(*, order_id: int, terms_code: str, reason: overrides.Reason, actor: Actor, now: datetime) -> Reevaluated:
    """The order's words for its terms mean `terms_code` from now on, here and wherever they are written again; what credit
    holds of the account is looked at again at once, the rest by a fact. In the override log like any change of terms.
    Locks credit 10, the order 20.

    Raises NotFound, NotPermitted, InvalidInput (unknown terms, or the order's are known), WordsTaken, AuthorityExceeded,
    SelfApproval (who entered the order), ReasonTooShort.
    """
    account_id = account_of(order_id)
    if account_id is None:
        raise NotFound(kind="order", ident=order_id)
    if authority_of(actor) is None:
        raise NotPermitted(actor=actor.label, verb="say what payment terms mean", roles="finance")
    lock_accounts([account_id])
    row = lock_orders([order_id])[order_id]
    require_authority(row, actor, on=company_day(now))
    say_once(row.terms_code, terms_code, actor=actor, now=now)
    ref = DocumentRef("order", order_id, row.number)
    overrides.record(
        kind="payment_terms",
        subject=ref,
        actor=actor,
        reason=reason,
        before={"terms": row.terms_code, "meant": "nothing known here"},
        after={"terms": row.terms_code, "mean": terms_code, "order_amount": row.total_amount},
        money_effect=Decimal(0),
        currency=row.currency,
        account_id=account_id,
        now=now,
    )
    words = f"The payment terms {row.terms_code} mean {terms_code} from now on: {reason.note}"
    journal.write([journal.Entry(ref, "terms_named", words[:300])], actor=actor, now=now)
    return look_again(account_id, actor=actor, now=now)
