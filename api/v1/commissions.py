"""A rep's own commission statements, line by line with the reason, and the word against a line."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import rep_of
from accounts.states import Role
from api.endpoint import Endpoint, actor
from api.fields import KnownFieldsOnly
from billing.commission_queries import StatementView, rep_statements, statement_lines
from billing.rules.commissions import told_to_rep
from billing.services.commission_statements import dispute_line
from core import clock
from core.access import allow
from core.errors import NotFound


class CommissionStatementView(serializers.Serializer[Any]):
    number = serializers.CharField()
    period_end = serializers.DateField()
    status = serializers.CharField()
    amount = serializers.CharField()
    currency = serializers.CharField()


class CommissionLineView(serializers.Serializer[Any]):
    id = serializers.CharField()
    invoice = serializers.CharField()
    kind = serializers.CharField()
    amount = serializers.CharField()
    why = serializers.CharField()
    state = serializers.CharField()
    note = serializers.CharField()
    answer = serializers.CharField()


class CommissionStatementList(serializers.Serializer[Any]):
    items = CommissionStatementView(many=True)


class CommissionStatementDetail(CommissionStatementView):
    lines = CommissionLineView(many=True)


class LineDispute(KnownFieldsOnly):
    note = serializers.CharField(max_length=500)


REPS = allow(view={Role.REP}, act={Role.REP})


class CommissionStatements(Endpoint):
    """Your statements, newest first."""

    access = REPS

    @extend_schema(operation_id="list_commission_statements", responses=CommissionStatementList, tags=["commissions"])
    def get(self, request: Request) -> Response:
        return Response({"items": [_shown(s) for s in rep_statements(_reps(request))]})


class CommissionStatementOf(Endpoint):
    """One of your statements: each line says what it is made of."""

    access = REPS

    @extend_schema(operation_id="get_commission_statement", responses=CommissionStatementDetail, tags=["commissions"])
    def get(self, request: Request, number: str) -> Response:
        found = _own(request, number)
        lines = [
            {
                "id": str(x.id),
                "invoice": x.invoice_number,
                "kind": x.kind,
                "amount": str(x.amount),
                "why": told_to_rep(x.why),
                "state": x.state,
                "note": x.note,
                "answer": x.answer,
            }
            for x in statement_lines(found.id)
        ]
        return Response({**_shown(found), "lines": lines})


class CommissionLineDispute(Endpoint):
    """Say what is wrong with a line of your statement: finance answers within its clock. Said again it is one case."""

    access = REPS

    @extend_schema(
        operation_id="dispute_commission_line",
        request=LineDispute,
        responses={200: CommissionStatementDetail},
        tags=["commissions"],
    )
    def post(self, request: Request, number: str, line_id: str) -> Response:
        found = _own(request, number)
        given = LineDispute(data=request.data)
        given.is_valid(raise_exception=True)
        if line_id not in {str(x.id) for x in statement_lines(found.id)}:
            raise NotFound(kind="statement line", ident=line_id[:20])
        dispute_line(
            line_id=int(line_id),
            note=given.validated_data["note"],
            rep_id=found.rep_id,
            actor=actor(request),
            now=clock.now(),
        )
        return CommissionStatementOf().get(request, number)


def _reps(request: Request) -> list[int]:
    rep_id = rep_of(request.user.pk or 0)
    return [] if rep_id is None else [rep_id]


def _own(request: Request, number: str) -> StatementView:
    found = next((s for s in rep_statements(_reps(request), limit=1000) if s.number == number), None)
    if found is None:
        raise NotFound(kind="commission statement", ident=number[:30])
    return found


def _shown(s: StatementView) -> dict[str, Any]:
    return {
        "number": s.number,
        "period_end": s.period_end.isoformat(),
        "status": s.status,
        "amount": str(s.amount),
        "currency": s.currency,
    }
