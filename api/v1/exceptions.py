"""Cases for whoever works in the house: the queue, take one, say something, settle it."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.states import STAFF, Role
from api.endpoint import Endpoint, actor
from api.fields import KnownFieldsOnly
from api.paging import read_cursor, read_limit, write_cursor
from api.problem import BadParameter
from api.v1.orders import KEY_HEADER, required_key
from core import clock
from core.access import allow
from core.errors import FieldError, InvalidInput, NotFound
from core.idempotency import LONGEST_KEY, Claim, KeyInvalid, hash_body, is_done, run_once
from exceptions_app import kinds
from exceptions_app.case_lists import CaseLine, CaseView, case_by_number, find_cases
from exceptions_app.queries import case_snapshots, suggested
from exceptions_app.services.apply_resolution import apply_resolution, remember_applied
from exceptions_app.services.comment_case import comment_case
from exceptions_app.services.resolve_case import resolve_case
from exceptions_app.services.take_case import take_case

READERS = allow(view=STAFF)
WORKERS = allow(act=STAFF - {Role.AUDITOR})


class CaseMoney(serializers.Serializer[Any]):
    amount = serializers.CharField()
    currency = serializers.CharField()


class CaseItem(serializers.Serializer[Any]):
    number = serializers.CharField()
    kind = serializers.CharField()
    kind_label = serializers.CharField()
    status = serializers.CharField()
    subject_kind = serializers.CharField()
    subject_number = serializers.CharField()
    account = serializers.CharField()
    money_at_risk = CaseMoney()
    severity = serializers.CharField()
    severity_why = serializers.CharField(help_text="What moved the severity from where the kind starts.")
    queue = serializers.CharField()
    assignee = serializers.CharField()
    summary = serializers.CharField()
    opened_at = serializers.DateTimeField()
    respond_by = serializers.DateTimeField()
    resolve_by = serializers.DateTimeField()
    breach_at = serializers.DateTimeField(allow_null=True)
    breached_at = serializers.DateTimeField(allow_null=True)
    escalation = serializers.IntegerField()
    allowed_actions = serializers.ListField(child=serializers.CharField())


class CaseList(serializers.Serializer[Any]):
    items = CaseItem(many=True)
    next = serializers.CharField(allow_null=True)


class SuggestionItem(serializers.Serializer[Any]):
    code = serializers.CharField()
    words = serializers.CharField()
    effect = serializers.CharField()
    money_effect = serializers.CharField()
    days_late = serializers.IntegerField()
    is_possible = serializers.BooleanField()
    why_not = serializers.CharField()


class CaseDetail(CaseItem):
    suggestions = SuggestionItem(many=True)


class CommentRequest(KnownFieldsOnly):
    text = serializers.CharField(max_length=4000)


class ResolveRequest(KnownFieldsOnly):
    """A `resolution` by its code is carried out; a `note` alone says how it was settled."""

    resolution = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    note = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)


class Exceptions(Endpoint):
    """The queue: yours, your team's, nobody's, what is out of time or nearly, all that is open, all there ever was."""

    access = READERS
    known_parameters = ("view", "kind", "limit", "cursor")

    @extend_schema(
        operation_id="exceptions",
        parameters=[
            OpenApiParameter("view", str, enum=[str(v) for v in CaseView], description="Usually live."),
            OpenApiParameter("kind", str),
            OpenApiParameter("limit", int, description="1 to 200, usually 50."),
            OpenApiParameter("cursor", str),
        ],
        responses=CaseList,
        tags=["exceptions"],
    )
    def get(self, request: Request) -> Response:
        limit, user = read_limit(request.query_params), _user(request)
        found = find_cases(
            _view(request),
            user_id=user.pk,
            roles=user.roles,
            now=clock.now(),
            kind=_kind(request),
            before_id=read_cursor(request.query_params),
            limit=limit + 1,
        )
        following = write_cursor(found[limit - 1].id) if len(found) > limit else None
        may = WORKERS.may_act(user)
        return Response({"items": [item(line, may_act=may) for line in found[:limit]], "next": following})


class ExceptionCase(Endpoint):
    """One case, with what could be done about it, best first."""

    access = READERS

    @extend_schema(operation_id="exception", responses=CaseDetail, tags=["exceptions"])
    def get(self, request: Request, number: str) -> Response:
        line = _found(number)
        offers = suggested(case_snapshots([line.id])[line.id], now=clock.now())
        shown = [
            {
                "code": offer.code,
                "words": offer.label,
                "effect": offer.effect.text,
                "money_effect": str(offer.effect.money_effect),
                "days_late": offer.effect.days_late,
                "is_possible": offer.effect.is_possible,
                "why_not": offer.effect.why_not,
            }
            for offer in offers
        ]
        return Response({**item(line, may_act=WORKERS.may_act(_user(request))), "suggestions": shown})


class ClaimCase(Endpoint):
    """Make the case yours; its respond clock stops."""

    access = WORKERS

    @extend_schema(
        operation_id="exception_claim", parameters=[KEY_HEADER], request=None, responses=CaseItem, tags=["exceptions"]
    )
    def post(self, request: Request, number: str) -> Response:
        line = _found(number)
        return _once(request, "claim", line, {}, take_case, case_id=line.id)


class CommentCase(Endpoint):
    """Say something; whoever is named with @ is told."""

    access = WORKERS

    @extend_schema(
        operation_id="exception_comment",
        parameters=[KEY_HEADER],
        request=CommentRequest,
        responses=CaseItem,
        tags=["exceptions"],
    )
    def post(self, request: Request, number: str) -> Response:
        asked = CommentRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        line, body = _found(number), dict(asked.validated_data)
        return _once(request, "comment", line, body, comment_case, case_id=line.id, text=body["text"])


class ResolveCase(Endpoint):
    """Carry out a suggested resolution, or say how it was settled."""

    access = WORKERS

    @extend_schema(
        operation_id="exception_resolve",
        parameters=[KEY_HEADER],
        request=ResolveRequest,
        responses=CaseItem,
        tags=["exceptions"],
    )
    def post(self, request: Request, number: str) -> Response:
        asked = ResolveRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        line, body = _found(number), dict(asked.validated_data)
        if bool(body["resolution"]) == bool(body["note"].strip()):
            raise InvalidInput([FieldError("/resolution", "required", "Send a resolution or a note, one of the two.")])
        if body["resolution"]:
            return _apply_once(request, line, body)
        return _once(request, "resolve", line, body, resolve_case, case_id=line.id, note=body["note"])


def _apply_once(request: Request, line: CaseLine, body: dict[str, Any]) -> Response:
    """Carried out, then remembered under the key. A repeat that finds the first half done is refused: the case is over."""
    claim = _claim(request, "apply", line, body)
    if len(claim.key) > LONGEST_KEY:
        raise KeyInvalid(key=claim.key[:20])
    if not is_done(claim):
        code, key = body["resolution"], claim.key[:40]
        apply_resolution(case_id=line.id, code=code, actor=actor(request), now=clock.now(), key=key)
    return _once(request, "apply", line, body, remember_applied, case_id=line.id)


def _claim(request: Request, verb: str, line: CaseLine, body: dict[str, Any]) -> Claim:
    hashed = hash_body({"case": line.id, **body})
    return Claim(f"api.exceptions.{verb}", f"user:{request.user.pk}", required_key(request), hashed)


def _once(
    request: Request, verb: str, line: CaseLine, body: dict[str, Any], call: Callable[..., object], **arguments: Any
) -> Response:
    """The same key and body change nothing a second time."""
    once = run_once(_claim(request, verb, line, body), call, actor=actor(request), now=clock.now(), **arguments)
    response = Response(item(_found(line.number), may_act=True))
    if once.replayed:
        response["Idempotency-Replayed"] = "true"
    return response


def _user(request: Request) -> Any:
    return request.user


def _view(request: Request) -> CaseView:
    given = request.query_params.get("view", str(CaseView.LIVE))
    if given not in set(CaseView):
        raise BadParameter(name="view", given=given[:40], expected=f"One of {', '.join(CaseView)}.")
    return CaseView(given)


def _kind(request: Request) -> str:
    given = request.query_params.get("kind", "")
    if given and given not in {spec.code for spec in kinds.kinds()}:
        raise BadParameter(name="kind", given=given[:40], expected="Send the code of a kind of case.")
    return given


def _found(number: str) -> CaseLine:
    line = case_by_number(number) if "\x00" not in number else None
    if line is None:
        raise NotFound(kind="case", ident=number[:60])
    return line


def item(line: CaseLine, *, may_act: bool) -> dict[str, Any]:
    actions = (["claim", "comment", "resolve"] if line.is_live else ["comment"]) if may_act else []
    return {
        "number": line.number,
        "kind": line.kind,
        "kind_label": kinds.label(line.kind),
        "status": line.status,
        "subject_kind": line.subject_kind,
        "subject_number": line.subject_number,
        "account": line.account,
        "money_at_risk": {"amount": line.money_at_risk, "currency": line.currency},
        "severity": line.severity,
        "severity_why": line.severity_why,
        "queue": line.queue,
        "assignee": line.assignee,
        "summary": line.summary,
        "opened_at": line.opened_at,
        "respond_by": line.respond_by,
        "resolve_by": line.resolve_by,
        "breach_at": line.breach_at,
        "breached_at": line.breached_at,
        "escalation": line.escalation,
        "allowed_actions": actions,
    }
