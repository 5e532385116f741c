from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from accounts.states import Role
from core.choices import choices


class User(AbstractUser):
    """Anyone who signs in. What they may do follows from `roles`; which customers they see from accounts.access."""

    email = models.EmailField()
    roles = ArrayField(models.CharField(max_length=20, choices=choices(Role)), default=list, blank=True)
    reports_to = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="team")
    time_zone = models.CharField(max_length=64, default="UTC")

    class Meta(AbstractUser.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(Lower("email"), name="one_user_per_email")]

    def __str__(self) -> str:
        return self.get_full_name() or self.username
