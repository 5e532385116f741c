"""Who is calling, and for whom they may act."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import visible_accounts
from accounts.queries import account_snapshots
from api.endpoint import CAN_LOOK, CAN_ORDER, Endpoint
from core import clock


class CustomerView(serializers.Serializer[Any]):
    id = serializers.CharField()
    code = serializers.CharField()
    name = serializers.CharField()
    currency = serializers.CharField()


class MeView(serializers.Serializer[Any]):
    email = serializers.EmailField()
    name = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    sees_all_customers = serializers.BooleanField()
    customers = CustomerView(many=True)
    allowed_actions = serializers.ListField(child=serializers.CharField())


class Me(Endpoint):
    """Who you are and which customers you may act for."""

    access = CAN_LOOK

    @extend_schema(operation_id="me", responses=MeView, tags=["me"])
    def get(self, request: Request) -> Response:
        user: Any = request.user
        seen = visible_accounts(user)
        customers = account_snapshots(sorted(seen.ids), on=clock.now().date()) if seen.ids else {}
        return Response(
            {
                "email": user.email,
                "name": str(user),
                "roles": sorted(user.roles),
                "sees_all_customers": seen.all,
                "customers": [
                    {"id": c.public_id, "code": c.code, "name": c.name, "currency": c.currency}
                    for c in sorted(customers.values(), key=lambda c: c.code)
                ],
                "allowed_actions": ["order"] if CAN_ORDER.may_act(user) else [],
            }
        )
