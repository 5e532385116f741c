"""Ask the house for what is not about one line: to let go what holds an order, other payment terms for it, a higher credit
limit. Done at once within your authority, else it waits for a second person; what a customer or their rep asks for always
waits. What became of it is under /approvals."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.approval_queries import ASKED_BY_CUSTOMER, is_of_the_house
from accounts.queries import approvals
from accounts.states import BUYERS, STAFF, Role
from api.customers import customer_of, require_may_order
from api.endpoint import Endpoint
from api.fields import KnownFieldsOnly
from api.v1.orders import KEY_HEADER, required_key, seen_order, who_acts
from core import clock
from core.access import allow
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.idempotency import Claim, hash_body, run_once
from core.overrides import Reason
from credit.services.ask_limit import LimitAsked, ask_limit
from orders.rules.requests import Requested
from orders.services.ask_release import ask_release
from orders.services.ask_terms import ask_terms

ASKING = frozenset(BUYERS | STAFF | {Role.REP}) - {Role.AUDITOR, Role.OPERATOR, Role.WAREHOUSE}


class HouseRequest(KnownFieldsOnly):
    about = serializers.ChoiceField(choices=["hold release", "payment terms", "credit limit"])
    reason = serializers.CharField(min_length=10, max_length=300)
    order = serializers.CharField(required=False, max_length=60, help_text="Its id: hold release, payment terms.")
    terms = serializers.CharField(required=False, max_length=40, help_text="Their code: payment terms.")
    account = serializers.CharField(
        required=False, max_length=60, help_text="Code or id: credit limit, unless it is your only customer."
    )
    amount = serializers.DecimalField(
        required=False, max_digits=14, decimal_places=2, help_text="All that may be owed then: credit limit."
    )
    until = serializers.DateField(required=False, allow_null=True, help_text="The first day without it: credit limit.")


class HouseRequestView(serializers.Serializer[Any]):
    is_applied = serializers.BooleanField()
    approvals = serializers.ListField(child=serializers.CharField(), help_text="What it waits for.")


@dataclass(frozen=True)
class _Asked:
    """The verb, for which customer, and what of the body it is about."""

    verb: Callable[..., Requested | LimitAsked]
    account_id: int
    what: dict[str, Any]


class HouseRequests(Endpoint):
    """One address for each kind of request; `about` says which, and which of the other fields it needs."""

    access = allow(view=ASKING, act=ASKING)

    @extend_schema(
        operation_id="house_request",
        parameters=[KEY_HEADER],
        request=HouseRequest,
        responses=HouseRequestView,
        tags=["approvals"],
    )
    def post(self, request: Request) -> Response:
        key, body = required_key(request), HouseRequest(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        asked = KINDS[given["about"]](request, given)
        require_may_order(request, asked.account_id)
        who = who_acts(request, asked.account_id)
        hashed = hash_body({name: str(value) for name, value in given.items()} | {"account": asked.account_id})
        claim = Claim("api.requests", owner=f"user:{request.user.pk}", key=key, body_hash=hashed)
        once = run_once(
            claim, asked.verb, reason=_reason(who, given["reason"]), actor=who, now=clock.now(), **asked.what
        )
        waits = _approvals(once.result)
        found = approvals(waits) if waits else {}
        view = {"is_applied": not waits, "approvals": [found[i].public_id for i in waits]}
        response = Response(view, status=202 if waits else 200)
        if once.replayed:
            response["Idempotency-Replayed"] = "true"
        return response


def _reason(who: Actor, note: str) -> Reason:
    return Reason("requested" if is_of_the_house(who) else ASKED_BY_CUSTOMER, note)


def _approvals(result: Requested | LimitAsked) -> tuple[int, ...]:
    if isinstance(result, Requested):
        return result.approvals
    return () if result.approval_id is None else (result.approval_id,)


def _release(request: Request, given: dict[str, Any]) -> _Asked:
    _require(given, "order")
    head = seen_order(request, given["order"])
    return _Asked(ask_release, head.account_id, {"order_id": head.order_id})


def _terms(request: Request, given: dict[str, Any]) -> _Asked:
    _require(given, "order", "terms")
    head = seen_order(request, given["order"])
    return _Asked(ask_terms, head.account_id, {"order_id": head.order_id, "terms_code": given["terms"]})


def _limit(request: Request, given: dict[str, Any]) -> _Asked:
    _require(given, "amount")
    account = customer_of(request, given.get("account", ""))
    amount: Decimal = given["amount"]
    return _Asked(
        ask_limit, account.id, {"account_id": account.id, "limit_amount": amount, "valid_to": given.get("until")}
    )


def _require(given: dict[str, Any], *names: str) -> None:
    errors = [
        FieldError(f"/{name}", "required", f"A request about the {given['about']} needs it.")
        for name in names
        if given.get(name) in (None, "")
    ]
    if errors:
        raise InvalidInput(errors)


KINDS: dict[str, Callable[[Request, dict[str, Any]], _Asked]] = {
    "hold release": _release,
    "payment terms": _terms,
    "credit limit": _limit,
}
