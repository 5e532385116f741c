"""Ask that a rule be set aside for a line of an order: another day, a product its customer is not authorized for. GET says
what it would mean and writes nothing; POST does it within your authority, else it waits for a second person. What a
customer or their rep asks for always waits."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.approval_queries import deciders, is_of_the_house
from accounts.queries import approvals
from accounts.states import BUYERS, Role
from api.customers import require_may_order
from api.endpoint import Endpoint
from api.fields import KnownFieldsOnly, MoneySerializer, QuantitySerializer, money, quantity
from api.problem import BadParameter
from api.v1.orders import KEY_HEADER, required_key, seen_order, who_acts
from catalog.queries import product_snapshots
from core import clock
from core.access import allow
from core.actors import Actor
from core.idempotency import Claim, hash_body, run_once
from core.overrides import Reason
from orders.allowance_cases import ELIGIBILITY_APPROVAL, allowance_cases
from orders.promise_cases import promise_cases
from orders.rules.promising import PROMISE_APPROVAL
from orders.services.allow_product import allow_product, may_allow_alone
from orders.services.ask_allowance import ask_allowance
from orders.services.ask_promise import ask_promise
from orders.services.change_promise import change_promise, may_promise_alone

LARGEST_LINE = 2_000_000_000
CUSTOMERS = frozenset(BUYERS | {Role.REP})
PROMISING = frozenset(CUSTOMERS | {Role.CS, Role.CS_LEAD, Role.PLANNER})
ALLOWING = frozenset(CUSTOMERS | {Role.CS, Role.CS_LEAD, Role.PRICING})
LINE = OpenApiParameter("line_no", int, required=True)


class PromiseRequest(KnownFieldsOnly):
    line_no = serializers.IntegerField(min_value=1, max_value=LARGEST_LINE)
    day = serializers.DateField()
    reason = serializers.CharField(min_length=10, max_length=300)


class AllowanceRequest(KnownFieldsOnly):
    line_no = serializers.IntegerField(min_value=1, max_value=LARGEST_LINE)
    reason = serializers.CharField(min_length=10, max_length=300)


class RequestView(serializers.Serializer[Any]):
    is_applied = serializers.BooleanField()
    approval = serializers.CharField(allow_null=True, help_text="The approval it waits for.")


class EffectView(serializers.Serializer[Any]):
    line_no = serializers.IntegerField()
    needs_approval = serializers.BooleanField()
    decided_by = serializers.ListField(
        child=serializers.CharField(), help_text="Roles that reach; for the house alone."
    )
    worth = MoneySerializer(help_text="What is asked about, at its price.")


class PromiseEffect(EffectView):
    promised_now = serializers.DateField(allow_null=True)
    day = serializers.DateField()
    open = QuantitySerializer()
    effect = MoneySerializer(help_text="Penalties of the contract for the day (below 0), or saved by it.")


class AllowanceEffect(EffectView):
    against = serializers.ListField(child=serializers.CharField())


class PromiseRequests(Endpoint):
    """Promise what is open of a line for another day. Customers ask for an earlier one."""

    access = allow(view=PROMISING, act=PROMISING)
    known_parameters = ("line_no", "day")

    @extend_schema(
        operation_id="order_promise_effect",
        parameters=[LINE, OpenApiParameter("day", date, required=True)],
        responses=PromiseEffect,
        tags=["orders"],
    )
    def get(self, request: Request, public_id: str) -> Response:
        line_no, day = line_of(request), _day(request)
        head, now = seen_order(request, public_id), clock.now()
        who = who_acts(request, head.account_id)
        case = promise_cases(head.order_id, {line_no: day}, now=now)[line_no]
        alone = may_promise_alone(case, who, now)
        product_id = case.line.product_id or 0
        told = {
            **effect_view(
                PROMISE_APPROVAL, line_no, (case.worth, None), case.order.currency, who, alone=alone, now=now
            ),
            "promised_now": case.was,
            "day": case.day,
            "open": quantity(case.open_qty, product_snapshots([product_id])[product_id].base_unit),
            "effect": money(case.effect, case.order.currency),
        }
        return Response(told)

    @extend_schema(
        operation_id="order_promise_request",
        parameters=[KEY_HEADER],
        request=PromiseRequest,
        responses=RequestView,
        tags=["orders"],
    )
    def post(self, request: Request, public_id: str) -> Response:
        asked = PromiseRequest(data=request.data)

        def verb(order_id: int, who: Actor, now: datetime) -> tuple[Callable[..., Any], dict[str, Any]]:
            line_no, day, why = (asked.validated_data[name] for name in ("line_no", "day", "reason"))
            both = {"order_id": order_id, "actor": who, "now": now}
            if not is_of_the_house(who):
                return ask_promise, {**both, "days": {line_no: day}, "reason": why}
            return change_promise, {**both, "line_no": line_no, "day": day, "reason": Reason("requested", why)}

        return _asked(request, public_id, asked, verb, "api.orders.promise-request")


class AllowanceRequests(Endpoint):
    """Let one order have a product its customer is not authorized for. What the law asks for is nobody's to set aside."""

    access = allow(view=ALLOWING, act=ALLOWING)
    known_parameters = ("line_no",)

    @extend_schema(operation_id="order_allowance_effect", parameters=[LINE], responses=AllowanceEffect, tags=["orders"])
    def get(self, request: Request, public_id: str) -> Response:
        line_no = line_of(request)
        head, now = seen_order(request, public_id), clock.now()
        who = who_acts(request, head.account_id)
        case = allowance_cases(head.order_id, [line_no], now=now)[line_no]
        alone, currency = may_allow_alone(case, who, now), case.order.currency
        told = effect_view(ELIGIBILITY_APPROVAL, line_no, (case.line.amount, None), currency, who, alone=alone, now=now)
        return Response({**told, "against": [v.message for v in case.against]})

    @extend_schema(
        operation_id="order_allowance_request",
        parameters=[KEY_HEADER],
        request=AllowanceRequest,
        responses=RequestView,
        tags=["orders"],
    )
    def post(self, request: Request, public_id: str) -> Response:
        asked = AllowanceRequest(data=request.data)

        def verb(order_id: int, who: Actor, now: datetime) -> tuple[Callable[..., Any], dict[str, Any]]:
            line_no, why = asked.validated_data["line_no"], asked.validated_data["reason"]
            both = {"order_id": order_id, "actor": who, "now": now}
            if not is_of_the_house(who):
                return ask_allowance, {**both, "line_nos": [line_no], "reason": why}
            return allow_product, {**both, "line_no": line_no, "reason": Reason("requested", why)}

        return _asked(request, public_id, asked, verb, "api.orders.allowance-request")


Verb = Callable[[int, Actor, datetime], tuple[Callable[..., Any], dict[str, Any]]]


def _asked(request: Request, public_id: str, asked: KnownFieldsOnly, verb: Verb, scope: str) -> Response:
    """One call of the verb for who asks, once for the key; 202 where it waits."""
    key = required_key(request)
    asked.is_valid(raise_exception=True)
    head = seen_order(request, public_id)
    require_may_order(request, head.account_id)
    run, what = verb(head.order_id, who_acts(request, head.account_id), clock.now())
    body = {"order": head.order_id, **{name: str(value) for name, value in asked.validated_data.items()}}
    once = run_once(Claim(scope, owner=f"user:{request.user.pk}", key=key, body_hash=hash_body(body)), run, **what)
    waits_for = once.result if isinstance(once.result, dict) else None
    if waits_for is not None:
        (approval_id,) = waits_for.values()
    else:
        approval_id = None if once.result.is_applied else once.result.approval_id
    found = approvals([approval_id]) if approval_id else {}
    view = {"is_applied": approval_id is None, "approval": next((a.public_id for a in found.values()), None)}
    response = Response(view, status=200 if approval_id is None else 202)
    if once.replayed:
        response["Idempotency-Replayed"] = "true"
    return response


def effect_view(
    kind: str,
    line_no: int,
    asked: tuple[Decimal, Decimal | None],
    currency: str,
    who: Actor,
    *,
    alone: bool,
    now: datetime,
) -> dict[str, Any]:
    """What is the same of every kind; `asked` is the amount and the points of margin that authority limits. Who would
    decide is told in the house."""
    amount, points = asked
    tells = is_of_the_house(who) and not alone
    who_may = deciders(kind, amount, currency, on=now.date(), actor=who.label, margin_points=points) if tells else []
    return {
        "line_no": line_no,
        "needs_approval": not alone,
        "decided_by": who_may,
        "worth": money(amount, currency),
    }


def line_of(request: Request) -> int:
    text = request.query_params.get("line_no", "")
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 11 and 0 < int(text) <= LARGEST_LINE):
        raise BadParameter(name="line_no", given=text[:40], expected="The number of a line, as 1.")
    return int(text)


def _day(request: Request) -> date:
    text = request.query_params.get("day", "")
    try:
        return date.fromisoformat(text)
    except ValueError as bad:
        raise BadParameter(name="day", given=text[:40], expected="A day, as 2026-12-01.") from bad
