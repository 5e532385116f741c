"""Answer an interchange: a 997 for its groups, or a TA1 when the whole interchange came before."""

from collections.abc import Sequence
from datetime import datetime

from core import numbering
from core.actors import Actor
from core.uow import door_verb
from integrations.models import Interchange, OutboundDocument
from integrations.rules import x12_tree
from integrations.rules.fa997 import GroupAnswer, write_997, write_ta1
from integrations.rules.x12_writer import Control
from integrations.states import DocumentKind, InterchangeState


@door_verb
def acknowledge(
    *,
    interchange_id: int,
    partner_id: int,
    parsed: x12_tree.Interchange,
    answers: Sequence[GroupAnswer],
    state: InterchangeState,
    actor: Actor,
    now: datetime,
) -> str:
    """The text written, empty where nothing is to be answered (acknowledgements are not acknowledged)."""
    is_duplicate = state is InterchangeState.DUPLICATE
    Interchange.objects.filter(pk=interchange_id).update(state=state)
    owed = [a for a in answers if a.group.functional_id != "FA"]
    if not owed:
        return ""
    (number,) = numbering.draw("edi_control", prefix="")
    control = Control(int(number), int(number), now)
    text = write_ta1(parsed, control) if is_duplicate else write_997(parsed, owed, control)
    OutboundDocument.objects.create(
        kind=DocumentKind.INTERCHANGE if is_duplicate else DocumentKind.FUNCTIONAL,
        partner_id=partner_id,
        in_reply_to_id=interchange_id,
        control=f"{int(number) % 10**9:09}",
        text=text.replace("\0", " "),
        codes=[[s.transaction.control, s.code] for a in owed for s in a.sets],
        created_at=now,
    )
    return text
