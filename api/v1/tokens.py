"""Bearer tokens: one per device, stored hashed, shown once."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_login_failed
from drf_spectacular.utils import extend_schema
from knox.auth import TokenAuthentication
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import CAN_LOOK, Endpoint
from api.fields import KnownFieldsOnly
from api.services.give_token import give_token
from api.services.revoke_token import revoke_token
from core.access import ANYONE
from core.errors import DomainError


class CredentialsRefused(DomainError):
    status = 401
    template = "This e-mail address and password do not belong together."
    remedy_template = "Check both. Five wrong passwords lock the name for 15 minutes."


class CodeNeeded(DomainError):
    status = 401
    template = "This person signs in with a second factor."
    remedy_template = "Send the six digits of the authenticator app as `otp`."


class TokenRequest(KnownFieldsOnly):
    email = serializers.EmailField()
    password = serializers.CharField(max_length=200, trim_whitespace=False)
    otp = serializers.CharField(max_length=12, required=False, default="")


class TokenResponse(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="Send as `Authorization: Bearer …`. It is not shown again.")
    expires_at = serializers.DateTimeField()


class Tokens(Endpoint):
    """Exchange a password for a token."""

    access = ANYONE
    authentication_classes = ()
    writes_nothing = True  # of ours: anyone may ask, the password decides

    @extend_schema(operation_id="token_create", request=TokenRequest, responses={201: TokenResponse}, tags=["me"])
    def post(self, request: Request) -> Response:
        asked = TokenRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        user: Any = authenticate(request._request, email=given["email"], password=given["password"])
        if user is None or not user.is_active:
            raise CredentialsRefused
        if is_mfa_enabled(user) and not _has_right_code(user, given["otp"]):
            if given["otp"]:  # a guessed code counts towards the lockout like a guessed password
                credentials = {"email": given["email"]}
                user_login_failed.send(sender=__name__, credentials=credentials, request=request._request)
            raise CodeNeeded
        given_token = give_token(user=user)
        return Response({"token": given_token.token, "expires_at": given_token.expires_at}, status=201)


class CurrentToken(Endpoint):
    """The token this call is made with."""

    access = CAN_LOOK
    authentication_classes = (TokenAuthentication,)
    writes_nothing = True  # only of one's own

    @extend_schema(operation_id="token_revoke", request=None, responses={204: None}, tags=["me"])
    def delete(self, request: Request) -> Response:
        revoke_token(token=request.auth)
        return Response(status=204)


def _has_right_code(user: Any, code: str) -> bool:
    return bool(code) and any(a.wrap().validate_code(code) for a in Authenticator.objects.filter(user=user))
