"""A promise moved: what the customer wants done about it, and how they want to be told of such things."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.buyer_queries import promise_mail_of
from accounts.services.choose_promise_mail import choose_promise_mail
from accounts.states import BUYERS, PromiseMail
from core import clock
from core.errors import DomainError
from core.idempotency import Claim, hash_body, run_once
from orders.filters import OrderSummary
from orders.services.cancel import cancel_lines
from orders.services.keep_promise import keep_promise
from orders.services.split_line import split_line
from orders.services.take_substitute import take_substitute
from portal.access import PORTAL, PortalRequest, access, actor, may_order
from portal.answers import Choices, options_page
from portal.views.orders import CUSTOMER, order_seen

ANSWERING = "portal.options"
SHORTEST_WORD = 10


@access(PORTAL)
def options(request: PortalRequest, number: str) -> HttpResponse:
    """The lines whose promise moved with what can be done; then do one thing to one of them, once for the form's key."""
    head = order_seen(request, number)
    if request.method != "POST":
        return _show(request, head)
    if not may_order(request):
        raise PermissionDenied
    who = actor(request)
    word = request.POST.get("word", "").strip()[:300]
    if not who.has_role(*BUYERS) and len(word) < SHORTEST_WORD:
        return _show(request, head, _("Say who agreed, when and how, in at least ten characters."), status=422)
    try:
        said = _answer(request, head, word or f"chosen by {who.label} in the portal")
    except DomainError as refusal:
        return _show(request, head, refusal.in_words, status=422)
    messages.success(request, said)
    return redirect("portal:order", number=head.number)


def _answer(request: PortalRequest, head: OrderSummary, word: str) -> str:
    form, who = request.POST, actor(request)
    line_no, product_id = _whole(form.get("line_no", "")), _whole(form.get("product_id", ""))
    what: dict[str, Any] = {"order_id": head.order_id, "line_no": line_no}
    acts: Mapping[str, tuple[Any, dict[str, Any], str]] = {
        "keep": (keep_promise, what | {"word": word}, _("Noted: you keep waiting. Nothing of the order changed.")),
        "split": (split_line, what | {"reason": word}, _("Split: what is there goes, the rest is a line of its own.")),
        "substitute": (
            take_substitute,
            what | {"product_id": product_id, "consent": word, "is_customer": who.has_role(*BUYERS)},
            _("The substitute is on the order now, on a line of its own."),
        ),
        "cancel": (
            cancel_lines,
            {"order_id": head.order_id, "quantities": {line_no: _waiting(head, line_no)}, "reason": CUSTOMER},
            _("Cancelled: what waited of that line is off the order."),
        ),
    }
    verb, arguments, said = acts.get(form.get("answer", ""), acts["keep"])
    body = {"order": head.order_id, "answer": form.get("answer", ""), "line": line_no, "product": product_id}
    claim = Claim(ANSWERING, f"user:{request.user.pk}", form.get("key", ""), hash_body(body))
    run_once(claim, verb, **arguments, actor=who, now=clock.now())
    return said


def _waiting(head: OrderSummary, line_no: int) -> Any:
    """What of the line has no stock; where all of it has, everything that has not left."""
    page = options_page(head, now=clock.now())
    line = next((x for x in page.lines if x.line_no == line_no), None)
    return line.waits if line is not None and line.waits > 0 else None


def _whole(text: str) -> int:
    """A number a form of ours sends, 0 for anything else."""
    return int(text) if text.isdecimal() and len(text) <= 18 else 0


def _show(request: PortalRequest, head: OrderSummary, problem: str = "", *, status: int = 200) -> HttpResponse:
    page = replace(options_page(head, now=clock.now()), problem=problem)
    must_say_who = not actor(request).has_role(*BUYERS)
    first: tuple[Choices, ...] = tuple(sorted(page.lines, key=lambda line: line.is_kept))
    context = {
        "page": replace(page, lines=first), "may_order": may_order(request), "must_say_who": must_say_who, "here": "orders",
    }  # fmt: skip
    return render(request, "portal/options.html", context, status=status)


@access(PORTAL)
def notices(request: PortalRequest) -> HttpResponse:
    """When the signed-in person is written to about promises that moved."""
    user_id = request.user.pk or 0
    if request.method == "POST":
        asked = request.POST.get("mail", "")
        if asked in set(PromiseMail):
            choose_promise_mail(user_id=user_id, mail=PromiseMail(asked), actor=actor(request), now=clock.now())
            messages.success(request, _("Saved. It holds from the next promise that moves."))
            return redirect("portal:notices")
    choices = [
        (PromiseMail.AT_ONCE, _("At once"), _("One mail an order, a minute after it happened.")),
        (PromiseMail.DAILY, _("Once a day"), _("One mail for all orders, at seven in the morning.")),
        (PromiseMail.NONE, _("Not at all"), _("The page of the order still says it.")),
    ]
    context = {"choices": choices, "chosen": promise_mail_of(user_id), "here": ""}
    return render(request, "portal/notices.html", context, status=422 if request.method == "POST" else 200)
