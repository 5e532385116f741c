"""Say once what words for payment terms mean: every order and contract that writes them is read so from now on."""

from datetime import datetime

from core.actors import Actor
from core.errors import FieldError, InvalidInput, Refused
from core.outbox import publish
from core.reference import delete_reference, write_reference
from core.uow import door_verb, require_uow
from credit.events import CreditRulesChanged
from credit.models import PaymentTerms, TermsWords


class WordsTaken(Refused):
    template = "{words} is said to mean {terms} already."
    remedy_template = "Change that row of the words for payment terms."


@door_verb(refuse_on={"words_mean_one_set_of_terms": WordsTaken})
def keep_terms_words(*, row: TermsWords, actor: Actor, now: datetime) -> int:
    """Add or change what words mean; the row's id. Orders that credit holds are looked at again.

    Raises InvalidInput (no words, words that are a code of terms), WordsTaken.
    """
    return _keep(row, actor, now)


@require_uow
def name_terms(words: str, terms_code: str, *, actor: Actor, now: datetime) -> None:
    """The same inside a caller's transaction, which looks at its own account again itself; nothing where it was said
    before. Raises InvalidInput (unknown terms), WordsTaken."""
    terms = PaymentTerms.objects.filter(code=terms_code).first()
    if terms is None:
        raise InvalidInput([FieldError("/terms_code", "unknown", f"There are no payment terms {terms_code!r}.")])
    said = TermsWords.objects.filter(words__iexact=words.strip()).select_related("terms").first()
    if said is None:
        _keep(TermsWords(words=words, terms=terms), actor, now)
    elif said.terms.code != terms_code:
        raise WordsTaken(words=words, terms=said.terms.name)


@door_verb
def remove_terms_words(*, row: TermsWords, actor: Actor, now: datetime) -> None:
    """The words mean nothing any more: orders that write them are held again when they are next asked about."""
    delete_reference(row=row, actor=actor, now=now)


@require_uow
def _keep(row: TermsWords, actor: Actor, now: datetime) -> int:
    row.words = row.words.strip()
    if PaymentTerms.objects.filter(code=row.words).exists():
        words = f"{row.words} is the code of payment terms itself."
        raise InvalidInput([FieldError("/words", "is_a_code", words, "Nothing is to be said about it.")])
    twin = TermsWords.objects.filter(words__iexact=row.words).exclude(pk=row.pk).select_related("terms").first()
    if twin is not None:
        raise WordsTaken(words=row.words, terms=twin.terms.name)
    write_reference(row=row, actor=actor, now=now)
    fact = CreditRulesChanged(int(row.pk), None)
    publish(fact, stream="credit-rules", seq=int(now.timestamp() * 1000), now=now, actor=actor)
    return int(row.pk)
