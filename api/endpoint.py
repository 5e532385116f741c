"""The base of every endpoint: it declares who may call it; one that declares nothing lets nobody in."""

from typing import Any, ClassVar

from django.utils.cache import add_never_cache_headers
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.states import BUYERS, STAFF, Role
from api.parsing import ExactJSONParser
from api.problem import UnknownParameter
from core.access import NOBODY, Access, allow
from core.actors import Actor
from core.console import actor_of

LOOKERS = frozenset(BUYERS | STAFF | {Role.REP, Role.SERVICE})
ORDERERS = frozenset(BUYERS | {Role.REP, Role.CS, Role.CS_LEAD, Role.SERVICE})

CAN_LOOK = allow(view=LOOKERS)
CAN_ORDER = allow(view=LOOKERS, act=ORDERERS)


class ByAccess(BasePermission):
    """The view's own declaration decides: `view` for reading methods, `act` for the others."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not hasattr(view, str(request.method).lower()):
            return True  # the answer is 405, whoever asks
        access: Access = view.access
        reads = request.method in SAFE_METHODS or getattr(view, "writes_nothing", False)
        return access.may_view(request.user) if reads else access.may_act(request.user)


class Endpoint(APIView):
    """One address. `known_parameters` are the only query parameters it takes: another is a 400."""

    access: ClassVar[Access] = NOBODY
    known_parameters: ClassVar[tuple[str, ...]] = ()
    writes_nothing: ClassVar[bool] = False  # a POST that only asks
    permission_classes = (ByAccess,)
    parser_classes = (ExactJSONParser,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        for name in request.query_params:
            if name not in self.known_parameters:
                raise UnknownParameter(name=name[:60], known=", ".join(self.known_parameters) or "none")

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        add_never_cache_headers(answer)  # what one caller may see is kept for nobody else
        return answer


def actor(request: Request) -> Actor:
    """The caller as the actor of a verb, over the API channel."""
    return actor_of(request, channel="api")
