"""What needs no token: the entrance, the description of the API, and the answer where nothing is."""

from typing import Any, TypeVar

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.endpoint import Endpoint
from core.access import ANYONE

V = TypeVar("V", bound=type[APIView])


def described(view: V) -> V:
    """The library's view, declared open: the description tells nothing about anybody."""
    return type(view.__name__, (view,), {"access": ANYONE, "permission_classes": ()})  # type: ignore[return-value]


@extend_schema(exclude=True)
class Entrance(Endpoint):
    """Where to begin: the pages that describe the API, and where a device gets its token."""

    access = ANYONE
    writes_nothing = True

    def get(self, request: Request) -> Response:
        return Response(
            {
                "name": "Holdfast API",
                "version": "1",
                "documentation": request.build_absolute_uri(reverse("api:docs")),
                "description": request.build_absolute_uri(reverse("api:schema")),
                "tokens": request.build_absolute_uri(reverse("api:tokens")),
            }
        )


@extend_schema(exclude=True)
class NothingHere(Endpoint):
    """Every other address under /api/: a problem, not a page."""

    access = ANYONE
    writes_nothing = True

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise exceptions.NotFound

    def get(self, request: Request) -> Response:
        raise exceptions.NotFound

    post = put = patch = delete = get
