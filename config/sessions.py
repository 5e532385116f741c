"""How long a sign-in lasts: it ends when nobody used it for a while, and after a day's work in any case."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from core import clock

SIGNED_IN_AT = "signed_in_at"
SEEN_AT = "seen_at"
NOTED_EVERY = 60  # seconds: a session is written at most once a minute


class SessionLimits:
    """Signs out whoever was away longer than SESSION_IDLE_SECONDS or in longer than SESSION_COOKIE_AGE."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session:
            _look(request, int(clock.now().timestamp()))
        return self.get_response(request)


def _look(request: HttpRequest, now: int) -> None:
    session = request.session
    since, seen = session.get(SIGNED_IN_AT, now), session.get(SEEN_AT, now)
    if now - seen > settings.SESSION_IDLE_SECONDS or now - since > settings.SESSION_COOKIE_AGE:
        logout(request)
        messages.info(request, _("You were signed out because the session had run out. Sign in to go on."))
    elif SEEN_AT not in session or now - seen >= NOTED_EVERY:
        session[SIGNED_IN_AT], session[SEEN_AT] = since, now
