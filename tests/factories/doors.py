"""Visitors of the two doors: a signed-in buyer's browser, a device with a token."""

from typing import Any

from django.test import Client
from knox.models import get_token_model
from rest_framework.test import APIClient

from tests.factories.accounts import BuyerFactory


def browser_of(user: Any) -> Client:
    """A browser in which `user` is signed in."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def device_of(user: Any) -> APIClient:
    """An API client that sends a fresh token of `user`."""
    client = APIClient()
    _row, token = get_token_model().objects.create(user)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def buyer_for(account: Any) -> Any:
    """A person who buys for `account`."""
    return BuyerFactory(account=account).user
