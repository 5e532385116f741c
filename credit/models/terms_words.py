from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from credit.models.account import PaymentTerms


class TermsWords(models.Model):
    """What a contract, a partner or a customer writes for payment terms that have a code here: said once, remembered.
    Upper and lower case are one."""

    words = models.CharField(max_length=20, help_text="As it is written on orders and contracts.")
    terms = models.ForeignKey(
        PaymentTerms, on_delete=models.PROTECT, related_name="+", help_text="What they mean here."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(Upper("words"), name="words_mean_one_set_of_terms"),
            models.CheckConstraint(condition=~Q(words=""), name="terms_words_are_written"),
        ]
        verbose_name = "wording of payment terms"
        verbose_name_plural = "wordings of payment terms"

    def __str__(self) -> str:
        return self.words
