from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.staff_queries import contacts
from core.uow import door_verb, require_uow
from exceptions_app import kinds
from exceptions_app.exception_kinds import JOB_DIED
from exceptions_app.models import Case, Notice

REACTION = "mail a word about a case"  # its name in config/flow.py
SUBJECTS = {"assigned": "Yours", "mentioned": "You were named", "warning": "Time is passing", "breach": "Out of time"}


@door_verb
def mail_notice(*, notice_id: int, now: datetime) -> bool:
    """Send the notice to the person it is for; whether it was sent. Said again, it is not sent again.

    Nothing is sent to who may no longer sign in or has no address, and nothing about mail that could not be sent. A mail
    server that refuses raises: the job tries again.
    """
    return bool(_mail([notice_id], now))


@door_verb
def mail_notices(*, notice_ids: Collection[int], now: datetime) -> int:
    """The same for many, over one connection to the mail server, three statements; how many were sent. When the server
    refuses one, all are tried again by themselves: what had left already may come twice."""
    return _mail(notice_ids, now)


@require_uow
def _mail(notice_ids: Collection[int], now: datetime) -> int:
    rows = list(
        Notice.objects.filter(pk__in=notice_ids, mailed_at=None)
        .select_related("case__queue", "case__account")
        .defer("case__evidence")
        .order_by("pk")
    )
    people = contacts({row.user_id for row in rows})
    due = [row for row in rows if row.user_id in people and not _is_about_mail(row.case)]
    if due:
        get_connection().send_messages([_letter(row, people[row.user_id][1]) for row in due])
        Notice.objects.filter(pk__in=[row.pk for row in due]).update(mailed_at=now)
    return len(due)


def _letter(notice: Notice, address: str) -> EmailMultiAlternatives:
    subject = f"{SUBJECTS[notice.kind]}: {notice.case.number} {kinds.label(notice.case.kind)}"
    shown = {"subject": subject, "text": notice.text, **_shown(notice.case)}
    mail = EmailMultiAlternatives(
        subject,
        render_to_string("email/case_notice.txt", shown),
        to=[address],
        headers={"References": f"<case-{notice.case_id}@holdfast>", "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string("email/case_notice.html", shown), "text/html")
    return mail


def _is_about_mail(case: Case) -> bool:
    """That mail cannot be sent is not told by mail: each failure would make more of it."""
    return case.kind == JOB_DIED and case.cause_key == REACTION


def _shown(case: Case) -> dict[str, object]:
    risk = f"{case.money_at_risk:,} {case.currency}" if case.money_at_risk else "none known"
    facts = [
        ("About", f"{case.subject_kind} {case.subject_number or case.subject_id}"),
        ("Customer", str(case.account) if case.account else "none"),
        ("Team", case.queue.name),
        ("Money at risk", risk),
        ("Resolve by", f"{case.resolve_by:%d %b %Y %H:%M} UTC"),
    ]
    path = reverse("admin:exceptions_app_case_change", args=[case.pk])
    return {"facts": facts, "number": case.number, "url": f"{settings.PUBLIC_URL}{path}"}
