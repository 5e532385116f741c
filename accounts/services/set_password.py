"""Give somebody a password. The journal says that it happened, never what it is."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User
from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, NotPermitted
from core.refs import DocumentRef
from core.uow import door_verb


@door_verb
def set_password(*, user_id: int, password: str | None, actor: Actor, now: datetime) -> None:
    """None takes the password away: they cannot sign in by one. Other sessions of theirs end. Raises NotFound,
    InvalidInput, NotPermitted (another's superuser)."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound(kind="user", ident=user_id)
    _refuse_stranger(user, actor)
    if password is not None and (problems := password_problems(password, user)):
        raise InvalidInput(problems)
    user.set_password(password)
    user.save(update_fields=["password"])
    summary = "password changed" if password is not None else "password taken away"
    entry = journal.Entry(DocumentRef("user", user.pk, user.email), "password_changed", summary)
    journal.write([entry], actor=actor, now=now)


def _refuse_stranger(user: User, actor: Actor) -> None:
    """Whoever sets a superuser's password becomes one."""
    if not user.is_superuser or actor.user_id in (None, user.pk):
        return
    if not User.objects.filter(pk=actor.user_id, is_active=True, is_superuser=True).exists():
        raise NotPermitted(actor=actor.label, verb="set a superuser's password", roles="superuser")


def password_problems(password: str, user: User) -> list[FieldError]:
    """What the configured validators say against it."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        return [FieldError("/password1", "password", message) for message in error.messages]
    return []
