"""Whose customers somebody sees. Asked by every list, detail, filter and export; outside it the answer is 404."""

from datetime import date

from accounts import queries
from accounts.models import Rep, User
from accounts.rules.asks import Visible
from accounts.states import BUYERS, STAFF, Role
from core import clock
from core.errors import NotFound

EVERYTHING = Visible(all=True)
NOTHING = Visible()


def visible_accounts(user: object, *, on: date | None = None) -> Visible:
    """Staff and superusers see all accounts; reps those of their territory and those assigned to them on the day;
    buyers their own and, where granted, the children; anyone else, and anyone inactive, none. At most 1 SQL.

    `on` is the day assignments are looked up for (today in UTC). A role alone shows nothing: the person must also be a
    rep or a buyer of somebody.
    """
    if not isinstance(user, User) or not user.is_active:
        return NOTHING
    roles = frozenset(user.roles)
    if user.is_superuser or roles & STAFF:
        return EVERYTHING
    buys, sells = bool(roles & BUYERS), Role.REP in roles
    if not (buys or sells):
        return NOTHING
    day = on or clock.now().date()
    return Visible(ids=queries.accounts_seen_by(user.pk, as_buyer=buys, as_rep=sells, on=day))


def require_visible(user: object, account_id: int | None) -> None:
    """Raises NotFound where the account is not the user's to see: existence is not disclosed."""
    if not visible_accounts(user).contains(account_id):
        raise NotFound(kind="account", ident=str(account_id))


def rep_of(user_id: int) -> int | None:
    """The rep this person is: what is a rep's own is shown by it. 1 SQL."""
    return Rep.objects.filter(user_id=user_id).values_list("id", flat=True).first()
