from django.db import models
from django.db.models import F, Q


class ExchangeRate(models.Model):
    """One unit of `base` is `rate` units of `quote` from `valid_from` until the next rate of the pair, and no longer than
    core.rates.GOOD_FOR."""

    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    valid_from = models.DateField()
    rate = models.DecimalField(max_digits=18, decimal_places=8)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["base", "quote", "valid_from"], name="one_exchange_rate_per_pair_and_day"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="an_exchange_rate_is_positive"),
            models.CheckConstraint(condition=~Q(base=F("quote")), name="an_exchange_rate_is_between_two_currencies"),
        ]

    def __str__(self) -> str:
        return f"1 {self.base} = {self.rate:f} {self.quote} from {self.valid_from}"
