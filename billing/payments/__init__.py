"""Paying through a provider: the port every provider fills, and which one this installation uses."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from billing.payments.port import Provider
from core.demo import is_demo
from core.errors import NotFound

BUILT_IN = {"sandbox": "billing.payments.sandbox.Sandbox"}


def provider_in_use() -> str:
    """The code of the provider customers pay through; empty where they pay by transfer alone. A demo has the sandbox."""
    return str(settings.PAYMENT_PROVIDER) or ("sandbox" if is_demo() else "")


def provider(code: str) -> Provider:
    """Raises NotFound for one this installation does not use."""
    if not code or code != provider_in_use():
        raise NotFound(kind="payment provider", ident=code)
    return _made(code)


@cache
def _made(code: str) -> Provider:
    made: Provider = import_string(BUILT_IN.get(code, str(settings.PAYMENT_ADAPTER)))()
    return made
