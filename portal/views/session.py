"""For whom a rep, or a buyer of several companies, orders in this session."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.errors import NotFound
from portal.access import ACTING_FOR, PORTAL, PortalRequest, access


@require_POST
@access(PORTAL)
def act_for(request: PortalRequest) -> HttpResponse:
    """Turn to another customer; one outside the visitor's view does not exist here."""
    wanted = request.POST.get("account", "")
    chosen = next((c for c in request.buying.choices if str(c.id) == wanted), None)
    if chosen is None:
        raise NotFound(kind="customer", ident=wanted[:20])
    request.session[ACTING_FOR] = chosen.id
    messages.success(request, _("You now act for %(name)s.") % {"name": chosen.name})
    return redirect("portal:home")
