"""Reads about colleagues: who is there, how to reach them, whom a text names."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.models import User

_PRESENT = """
SELECT person.id, person.roles FROM accounts_user person
 WHERE person.is_active AND person.roles && %(roles)s::varchar[]
   AND NOT EXISTS (
       SELECT FROM accounts_userabsence absence WHERE absence.user_id = person.id
          AND absence.away_from <= (%(at)s::timestamptz AT TIME ZONE person.time_zone)::date
          AND (absence.back_on IS NULL OR absence.back_on > (%(at)s::timestamptz AT TIME ZONE person.time_zone)::date))
 ORDER BY person.id
"""


def present_people(roles: Iterable[str], *, at: datetime) -> dict[int, frozenset[str]]:
    """{user_id: their roles} of whoever has one of the roles and is there at that moment. 1 SQL."""
    with connection.cursor() as cursor:
        cursor.execute(_PRESENT, {"roles": sorted(set(roles)), "at": at})
        return {pk: frozenset(held) for pk, held in cursor.fetchall()}


def contacts(user_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """{user_id: (name, e-mail address)} of people who may sign in and have an address. 1 SQL."""
    rows = User.objects.filter(id__in=set(user_ids), is_active=True).exclude(email="")
    return {user.pk: (str(user), user.email) for user in rows}


def mentioned(names: Iterable[str]) -> dict[str, int]:
    """{name as written: user_id} of active people by user name or e-mail address; case does not matter. 1 SQL."""
    wanted = {name.lower(): name for name in names}
    rows = User.objects.filter(is_active=True).annotate(folded=Lower("username"), mail=Lower("email"))
    found = rows.filter(Q(folded__in=list(wanted)) | Q(mail__in=list(wanted))).values_list("folded", "mail", "id")
    return {wanted[key]: pk for folded, mail, pk in found for key in (folded, mail) if key in wanted}
