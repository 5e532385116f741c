"""Close a letter that did not go: the person was told in another way."""

from datetime import datetime

from core.uow import door_verb
from integrations.models import PromiseLetter
from integrations.services.send_letters import NotToBeSentAgain
from integrations.states import LetterState


@door_verb
def end_letter(*, letter_id: int, word: str, now: datetime) -> None:
    """It is not sent any more. Raises NotToBeSentAgain where it went meanwhile or was ended."""
    open_letters = PromiseLetter.objects.filter(pk=letter_id, state__in=(LetterState.UNSURE, LetterState.REFUSED))
    if not open_letters.update(state=LetterState.MOOT, ended_at=now, problem=word[:300]):
        raise NotToBeSentAgain(order=f"letter {letter_id}", state="not open any more")
