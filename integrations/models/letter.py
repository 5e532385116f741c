from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from accounts.states import PromiseMail
from core.choices import choices
from integrations.states import LetterState


class PromiseLetter(models.Model):
    """What one person is to be written about one order: the moves of its promises since the last letter. At most one
    waits a person and order, and gathers what moves until it is due.

    `moves` is appended to, a row a move: {demand, line_no, sku, qty, was, now, cause, seq}, days as ISO dates or "".
    """

    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="+")
    order_number = models.CharField(max_length=40)
    po_number = models.CharField(max_length=80, blank=True)
    account_id = models.BigIntegerField()
    is_rep = models.BooleanField(default=False)
    mail = models.CharField(max_length=8, choices=choices(PromiseMail))
    moves = models.JSONField()
    state = models.CharField(max_length=8, choices=choices(LetterState), default=LetterState.WAITING)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    began_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "letter about promises"
        verbose_name_plural = "letters about promises"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order", "user"], condition=Q(state="waiting"), name="one_letter_waits_per_person_and_order"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at", "id"], condition=Q(state="waiting"), name="letters_that_are_due"),
            models.Index(fields=["began_at"], condition=Q(state="sending"), name="letters_being_sent"),
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="letters_are_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"order {self.order_number} to {self.user}"
