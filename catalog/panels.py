"""What the catalog adds to other rooms' pages: a customer's licences on the customer's page."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from catalog.access import GRANTERS
from catalog.queries import licences_of
from catalog.states import LicenceState
from core import clock
from core.choices import words
from core.refs import DocumentRef

TONES = {
    LicenceState.UPCOMING: "tone-info",
    LicenceState.VALID: "tone-ok",
    LicenceState.EXPIRES_SOON: "tone-warn",
    LicenceState.EXPIRED: "tone-bad",
    LicenceState.REVOKED: "tone-bad",
}


def licences_of_account(ref: DocumentRef, request: HttpRequest) -> str:
    found = licences_of(ref.id, now=clock.now())
    rows = [{"licence": licence, "tone": TONES[licence.state], "state": words(licence.state)} for licence in found]
    told = {"rows": rows, "account_id": ref.id, "may_add": GRANTERS.may_act(request.user)}
    return render_to_string("catalog/account_licences.html", told, request)
