"""How people sign in: by e-mail, only those who were invited, and five wrong passwords lock the name."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from config.edge import refuse


class InvitedPeopleOnly(DefaultAccountAdapter):
    """A buyer is invited by their company's administrator, staff by an operator; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def attempted_name(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str | None:
    """The name a sign-in tried, wherever the form, the console or the API put it; counted by lower case."""
    sources: list[Any] = [credentials or {}]
    if request is not None:
        sources.append(request.POST)
    for source in sources:
        for field in ("username", "email", "login"):
            if source.get(field):
                return str(source[field]).strip().lower()
    return None


def kept_by_operators(request: HttpRequest) -> HttpResponseBase:
    """Nobody changes the address they sign in with by themselves: an operator does, and the journal tells it."""
    raise Http404


def locked_out(request: HttpRequest, answer: Any, credentials: dict[str, Any] | None = None) -> HttpResponseBase:
    """What a locked name is told, whatever password it brings: nothing about the password."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds()) // 60
    what = _("This name is locked after %(n)s wrong passwords.") % {"n": settings.AXES_FAILURE_LIMIT}
    remedy = _("Wait %(n)s minutes, or ask an operator to unlock it.") % {"n": minutes}
    response = refuse(request, 429, "locked_out", what, remedy)
    response["Retry-After"] = str(minutes * 60)
    return response
