from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.staff_queries import contacts
from core.uow import door_verb
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
    notice = Notice.objects.select_related("case__queue", "case__account").filter(pk=notice_id, mailed_at=None).first()
    if notice is None or _is_about_mail(notice.case) or notice.user_id not in (people := contacts([notice.user_id])):
        return False
    _, address = people[notice.user_id]
    subject = f"{SUBJECTS[notice.kind]}: {notice.case.number} {kinds.label(notice.case.kind)}"
    shown = {"subject": subject, "text": notice.text, **_shown(notice.case)}
    mail = EmailMultiAlternatives(
        subject,
        render_to_string("email/case_notice.txt", shown),
        to=[address],
        headers={"References": f"<case-{notice.case_id}@holdfast>", "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string("email/case_notice.html", shown), "text/html")
    mail.send()
    Notice.objects.filter(pk=notice_id).update(mailed_at=now)
    return True


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
