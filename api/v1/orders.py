"""Orders: ask what one would be, place it, find it, read it, see what happened."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import visible_accounts
from accounts.states import BUYERS, STAFF
from api.customers import customer_of, require_may_order
from api.drafting import OrderRequest, draft_of, in_api_names, read_order, renamed
from api.endpoint import CAN_LOOK, CAN_ORDER, Endpoint, actor
from api.fields import KnownFieldsOnly, is_uuid
from api.order_views import (
    OrderList,
    OrderView,
    PlacedView,
    PreviewView,
    TimelineView,
    order_view,
    placed_view,
    preview_view,
    summary_views,
)
from api.paging import read_cursor, read_limit, write_cursor
from api.problem import BadParameter
from api.words import TOLD
from core import clock
from core.actors import Actor
from core.errors import DomainError, InvalidInput, NotFound
from core.idempotency import Claim, StoredRefusal, hash_body, run_once
from core.journal import timeline
from core.refs import DocumentRef
from orders.filters import OrderFilter, OrderSummary, find_orders, order_summaries
from orders.rules.telling import told_words
from orders.services.cancel import cancel_order
from orders.services.place import place
from orders.services.preview import preview
from orders.states import OrderStatus

KEY_HEADER = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, required=True, description="A UUID; the same for every retry."
)


class KeyMissing(DomainError):
    status = 400
    template = "This call needs the header Idempotency-Key."
    remedy_template = "Send a new UUID per call, and the same one when you repeat it."


class CancelRequest(KnownFieldsOnly):
    reason = serializers.CharField(min_length=3, max_length=300)


class Preview(Endpoint):
    """What placing this would do: prices, dates, credit, holds. Writes nothing; unknown codes are problems, not the end."""

    access = CAN_LOOK
    writes_nothing = True

    @extend_schema(operation_id="order_preview", request=OrderRequest, responses=PreviewView, tags=["orders"])
    def post(self, request: Request) -> Response:
        asked = read_order(request.data)
        customer = customer_of(request, asked["account"])
        who = who_acts(request, customer.id)
        drafted = draft_of(asked, customer, who)
        seen = preview(drafted.draft, actor=who, now=clock.now())
        problems = (*drafted.unknown, *(renamed(p, drafted.draft) for p in seen.problems))
        return Response(preview_view(seen, drafted.products, problems, sees_all=_sees_all(request)))


class Orders(Endpoint):
    """The orders of the customers you may see, newest first; or a new one."""

    access = CAN_ORDER
    known_parameters = ("cursor", "limit", "status", "q", "po_number", "number", "external_id", "account")

    @extend_schema(
        operation_id="orders",
        parameters=[
            OpenApiParameter("cursor", str, description="`next` of the page before."),
            OpenApiParameter("limit", int, description="1 to 200, usually 50."),
            OpenApiParameter("status", str, enum=[str(s) for s in OrderStatus]),
            OpenApiParameter("q", str, description="Part of the order or PO number."),
            OpenApiParameter("po_number", str),
            OpenApiParameter("number", str),
            OpenApiParameter("external_id", str),
            OpenApiParameter("account", str, description="Customer code or id."),
        ],
        responses=OrderList,
        tags=["orders"],
    )
    def get(self, request: Request) -> Response:
        limit = read_limit(request.query_params)
        found = find_orders(_filter(request), limit=limit + 1)
        following = write_cursor(found[limit - 1].order_id) if len(found) > limit else None
        return Response({"items": summary_views(found[:limit]), "next": following})

    @extend_schema(
        operation_id="order_create",
        parameters=[KEY_HEADER],
        request=OrderRequest,
        responses={201: PlacedView},
        tags=["orders"],
    )
    def post(self, request: Request) -> Response:
        key = required_key(request)
        asked = read_order(request.data)
        customer = customer_of(request, asked["account"])
        require_may_order(request, customer.id)
        who = who_acts(request, customer.id)
        drafted = draft_of(asked, customer, who)
        if drafted.unknown:
            raise InvalidInput(drafted.unknown)
        claim = Claim("api.orders", owner=f"user:{request.user.pk}", key=key, body_hash=hash_body(request.data))
        try:
            once = run_once(claim, place, drafted.draft, actor=who, now=clock.now())
        except InvalidInput as wrong:
            raise in_api_names(wrong, drafted.draft) from wrong
        except StoredRefusal as again:
            again.errors = tuple(renamed(e, drafted.draft) for e in again.errors)
            raise
        (head,) = order_summaries([once.result.order_id])
        response = Response(placed_view(once.result, head, drafted.products, roles_of(request)), status=201)
        response["Location"] = f"/api/v1/orders/{head.public_id}"
        if once.replayed:
            response["Idempotency-Replayed"] = "true"
        return response


class Order(Endpoint):
    """One order with its lines, promises and holds."""

    access = CAN_LOOK

    @extend_schema(operation_id="order", responses=OrderView, tags=["orders"])
    def get(self, request: Request, public_id: str) -> Response:
        head = seen_order(request, public_id)
        return Response(order_view(head, roles_of(request), may_act=CAN_ORDER.may_act(request.user)))


class Cancel(Endpoint):
    """Cancel what is not released to the warehouse yet."""

    access = CAN_ORDER

    @extend_schema(
        operation_id="order_cancel",
        parameters=[KEY_HEADER],
        request=CancelRequest,
        responses=OrderView,
        tags=["orders"],
    )
    def post(self, request: Request, public_id: str) -> Response:
        key = required_key(request)
        asked = CancelRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        head = seen_order(request, public_id)
        require_may_order(request, head.account_id)
        claim = Claim(
            "api.orders.cancel",
            owner=f"user:{request.user.pk}",
            key=key,
            body_hash=hash_body({"order": head.order_id, **asked.validated_data}),
        )
        who = who_acts(request, head.account_id)
        reason = asked.validated_data["reason"]
        once = run_once(claim, cancel_order, order_id=head.order_id, reason=reason, actor=who, now=clock.now())
        (after,) = order_summaries([head.order_id])
        response = Response(order_view(after, roles_of(request), may_act=True))
        if once.replayed:
            response["Idempotency-Replayed"] = "true"
        return response


class Timeline(Endpoint):
    """What happened to the order, newest first."""

    access = CAN_LOOK

    @extend_schema(operation_id="order_timeline", responses=TimelineView, tags=["orders"])
    def get(self, request: Request, public_id: str) -> Response:
        head = seen_order(request, public_id)
        sees_all = _sees_all(request)
        told = [
            {
                "at": t.at.isoformat(),
                "what": t.verb,
                "summary": t.summary if sees_all else told_words(t.verb, t.summary),
            }
            for t in timeline(DocumentRef("order", head.order_id, head.number))
            if sees_all or t.verb in TOLD
        ]
        return Response({"items": told})


def required_key(request: Request) -> str:
    """The call's Idempotency-Key. Raises KeyMissing."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key:
        raise KeyMissing
    return key


def seen_order(request: Request, public_id: str) -> OrderSummary:
    """The order, if it is there and the caller's to see."""
    seen = visible_accounts(request.user)
    wanted = OrderFilter(None if seen.all else seen.ids, public_id=public_id.lower())
    found = find_orders(wanted, limit=1) if is_uuid(public_id) else []
    if not found:
        raise NotFound(kind="order", ident=public_id[:60])
    return found[0]


def _filter(request: Request) -> OrderFilter:
    given = request.query_params
    status = given.get("status", "")
    if status and status not in set(OrderStatus):
        raise BadParameter(name="status", given=status[:40], expected=f"One of {', '.join(OrderStatus)}.")
    seen = visible_accounts(request.user)
    accounts = None if seen.all else seen.ids
    if account := given.get("account", ""):
        accounts = frozenset({customer_of(request, account).id})
    return OrderFilter(
        accounts,
        text=given.get("q", "").strip()[:60],
        number=given.get("number", "").strip()[:30],
        status=status,
        po_number=given.get("po_number", "").strip()[:60],
        external_id=given.get("external_id", "").strip()[:80],
        before_id=read_cursor(given),
    )


def who_acts(request: Request, account_id: int) -> Actor:
    """A rep or staff member acts on behalf of the customer; a buyer is the customer."""
    who = actor(request)
    return who if who.has_role(*BUYERS) else who.acting_for(account_id)


def roles_of(request: Request) -> frozenset[str]:
    return frozenset(request.user.roles)  # type: ignore[union-attr]


def _sees_all(request: Request) -> bool:
    return not STAFF.isdisjoint(roles_of(request))
