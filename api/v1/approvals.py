"""Approvals: what waits for a second pair of eyes, and the decision."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import approvals
from accounts.access import visible_accounts
from accounts.approval_queries import approval_by_public_id, approvals_for, decidable
from accounts.rules.asks import Approval
from accounts.states import ApprovalState
from api.endpoint import CAN_LOOK, LOOKERS, Endpoint, actor
from api.fields import KnownFieldsOnly, is_uuid, money
from api.paging import read_limit
from api.problem import BadParameter
from api.v1.orders import KEY_HEADER, required_key
from core import clock
from core.access import allow
from core.errors import NotFound
from core.idempotency import Claim, hash_body, run_once

SHOWN = (  # never cost, floor or margin
    *("part", "line_no", "sku", "qty", "open", "price_now", "price_asked", "currency", "what"),
    *("promised_now", "day_asked", "against"),
)


class MoneyView(serializers.Serializer[Any]):
    amount = serializers.CharField()
    currency = serializers.CharField()


class ApprovalView(serializers.Serializer[Any]):
    id = serializers.CharField()
    kind = serializers.CharField()
    subject_kind = serializers.CharField()
    subject_number = serializers.CharField()
    amount = MoneyView(allow_null=True)
    state = serializers.CharField()
    asked_by = serializers.CharField()
    asked_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    reason = serializers.CharField()
    content = serializers.DictField()
    decided_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField()
    allowed_actions = serializers.ListField(child=serializers.CharField())


class ApprovalList(serializers.Serializer[Any]):
    items = ApprovalView(many=True)


class DecisionRequest(KnownFieldsOnly):
    decision = serializers.ChoiceField(choices=["approve", "reject"])
    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class Approvals(Endpoint):
    """What concerns the customers you see, and what you asked for: what waits first, then the newest."""

    access = CAN_LOOK
    known_parameters = ("state", "limit")

    @extend_schema(
        operation_id="approvals",
        parameters=[
            OpenApiParameter("state", str, enum=[str(s) for s in ApprovalState]),
            OpenApiParameter("limit", int, description="1 to 200, usually 50."),
        ],
        responses=ApprovalList,
        tags=["approvals"],
    )
    def get(self, request: Request) -> Response:
        state = request.query_params.get("state", "")
        if state and state not in set(ApprovalState):
            raise BadParameter(name="state", given=state[:40], expected=f"One of {', '.join(ApprovalState)}.")
        user: Any = request.user
        found = approvals_for(visible_accounts(user), user.pk, limit=200)
        shown = [a for a in found if not state or a.state == state][: read_limit(request.query_params)]
        may = decidable(shown, user.pk, now=clock.now())
        return Response(
            {"items": [approval_view(a, may_decide=a.id in may, is_outside=not _sees_all(user)) for a in shown]}
        )


class ApprovalDecision(Endpoint):
    """Approve or reject. Who asked never decides; the authority is read now, whatever the token once had."""

    access = allow(view=LOOKERS, act=LOOKERS)

    @extend_schema(
        operation_id="approval_decide",
        parameters=[KEY_HEADER],
        request=DecisionRequest,
        responses=ApprovalView,
        tags=["approvals"],
    )
    def post(self, request: Request, public_id: str) -> Response:
        key = required_key(request)
        asked = DecisionRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        found = _seen(request, public_id)
        given = asked.validated_data
        body = {"approval": found.id, **given}
        claim = Claim("api.approvals", owner=f"user:{request.user.pk}", key=key, body_hash=hash_body(body))
        once = run_once(
            claim,
            approvals.decide,
            approval_id=found.id,
            approve=given["decision"] == "approve",
            note=given["note"],
            actor=actor(request),
            now=clock.now(),
        )
        response = Response(
            approval_view(_seen(request, public_id), may_decide=False, is_outside=not _sees_all(request.user))
        )
        if once.replayed:
            response["Idempotency-Replayed"] = "true"
        return response


def _seen(request: Request, public_id: str) -> Approval:
    user: Any = request.user
    found = approval_by_public_id(public_id, visible_accounts(user), user.pk) if is_uuid(public_id) else None
    if found is None:
        raise NotFound(kind="approval", ident=public_id[:60])
    return found


def _sees_all(user: Any) -> bool:
    return visible_accounts(user).all


def approval_view(found: Approval, *, may_decide: bool, is_outside: bool) -> dict[str, Any]:
    """What decides about the margin stays in the house, and so do its own words where a customer asked for the same."""
    asked_by, reason = found.told_outside if is_outside else (found.requested_label, found.reason)
    return {
        "id": found.public_id,
        "kind": found.kind,
        "subject_kind": found.subject.kind,
        "subject_number": found.subject.number,
        "amount": money(found.amount, found.currency) if found.currency else None,
        "state": str(found.state),
        "asked_by": asked_by,
        "asked_at": found.requested_at,
        "expires_at": found.expires_at,
        "reason": reason,
        "content": {name: str(found.content[name]) for name in SHOWN if name in found.content},
        "decided_at": found.decided_at,
        "note": found.note,
        "allowed_actions": ["approve", "reject"] if may_decide else [],
    }
