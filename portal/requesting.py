"""The page that asks the house for what is not about one line: to let go what holds an order, other payment terms for it, a
higher credit limit. One page for all three; what differs is said once, in `KINDS`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import uuid4

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.approval_queries import ASKED_BY_CUSTOMER
from accounts.rules.asks import AccountSnapshot
from core import clock
from core.errors import DomainError
from core.overrides import Reason
from credit.queries import all_terms
from credit.services.ask_limit import ask_limit
from orders import queries as orders
from orders.filters import OrderSummary
from orders.rules.requests import askable
from orders.services.ask_release import ask_release
from orders.services.ask_terms import ask_terms
from portal.rules.words import hold_words
from portal.standing import headroom

SHORTEST_REASON = 10


@dataclass(frozen=True)
class Kind:
    """`title` and `about` in a buyer's words; `fields` the form has beside the reason. `verb` is what asks."""

    title: Any
    about: Any
    button: Any
    of_order: bool
    verb: Callable[..., Any]
    fields: tuple[str, ...] = ()


KINDS: dict[str, Kind] = {
    "release": Kind(
        gettext_lazy("Ask us to let the order go"),
        gettext_lazy("Say why it should not wait. We decide and tell you under Approvals."),
        gettext_lazy("Ask us to let it go"),
        of_order=True,
        verb=ask_release,
    ),
    "terms": Kind(
        gettext_lazy("Ask for other payment terms"),
        gettext_lazy("Choose the terms you need for this order and say why. We decide and tell you under Approvals."),
        gettext_lazy("Ask for these terms"),
        of_order=True,
        verb=ask_terms,
        fields=("terms",),
    ),
    "credit-limit": Kind(
        gettext_lazy("Ask for a higher credit limit"),
        gettext_lazy("Say how much you need to owe us at a time, and why. We decide and tell you under Approvals."),
        gettext_lazy("Ask for this limit"),
        of_order=False,
        verb=ask_limit,
        fields=("amount", "until"),
    ),
}


@dataclass(frozen=True)
class RequestPage:
    """`facts` say how it stands now; `why_not` is why there is nothing to ask for. `what` is what the verb takes."""

    about: str
    kind: Kind
    order: OrderSummary | None
    facts: tuple[tuple[str, str], ...] = ()
    terms: tuple[tuple[str, str], ...] = ()
    currency: str = ""
    why_not: str = ""
    entered: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    what: Mapping[str, Any] = field(default_factory=dict)
    key: str = field(default_factory=lambda: str(uuid4()))

    def refused(self, refusal: DomainError) -> "RequestPage":
        return replace(self, problems=refusal.each_in_words)


def request_page(about: str, kind: Kind, account: AccountSnapshot, order: OrderSummary | None) -> RequestPage:
    """A constant number of statements: 1 for an order, 4 for the account's credit."""
    page = RequestPage(about, kind, order, what={"order_id": order.order_id} if order else {"account_id": account.id})
    if order is None:
        return _of_credit(page, account)
    if about == "terms":
        is_over = order.status not in ("draft", "submitted")
        return replace(page, terms=tuple(all_terms()), why_not=_("This order is over.") if is_over else "")
    holds = orders.holds_of([order.order_id]).get(order.order_id, ())
    facts = tuple((_("On hold"), str(hold_words(h.reason, h.rule))) for h in holds)
    why_not = "" if askable(holds) else _("Nothing holds this order that we could let go for the asking.")
    return replace(page, facts=facts, why_not=why_not)


def _of_credit(page: RequestPage, account: AccountSnapshot) -> RequestPage:
    today = clock.local_date(clock.now(), account.time_zone)
    credit = headroom(account.id, on=today)
    if credit is None:
        return replace(page, why_not=_("You pay in advance: no credit line is set up. Ask your contact to open one."))
    amounts = ((_("Limit"), credit.limit), (_("In use"), credit.used), (_("Left"), credit.left))
    facts = tuple((label, f"{amount:,.2f} {credit.currency}") for label, amount in amounts)
    return replace(page, facts=facts, currency=credit.currency)


def requested(page: RequestPage, form: Mapping[str, str]) -> RequestPage:
    """The page with what the form asks; everything that is wrong with it is named at once."""
    entered = {name: form.get(name, "").strip()[:300] for name in (*page.kind.fields, "reason")}
    problems, what = [], dict(page.what)
    what["reason"] = Reason(ASKED_BY_CUSTOMER, entered["reason"])
    for name in page.kind.fields:
        try:
            what |= READ[name](entered[name])
        except ValueError as wrong:
            problems.append(str(wrong))
    if len(entered["reason"]) < SHORTEST_REASON:
        problems.append(_("Say why, in at least ten characters."))
    return replace(page, entered=entered, problems=tuple(problems), what=what)


def _amount(text: str) -> dict[str, Any]:
    try:
        return {"limit_amount": Decimal(text)}
    except InvalidOperation as bad:
        raise ValueError(_("Amount: write it as 60000.00.")) from bad


def _until(text: str) -> dict[str, Any]:
    try:
        return {"valid_to": date.fromisoformat(text) if text else None}
    except ValueError as bad:
        raise ValueError(_("Until: this is not a day. Write it as 2026-12-01.")) from bad


def _terms(text: str) -> dict[str, Any]:
    if not text:
        raise ValueError(_("Choose the terms you ask for."))
    return {"terms_code": text}


READ: dict[str, Callable[[str], dict[str, Any]]] = {"amount": _amount, "until": _until, "terms": _terms}
