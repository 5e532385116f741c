"""Append-only tables: INSERT and SELECT for everybody, nothing else for anybody. Totals: written by their home alone.

Statement-level, because a row trigger lets a statement that happens to match no row pass. TRUNCATE is
spared in databases whose name starts with test_, so that transactional tests can flush.
"""

from collections.abc import Sequence
from typing import Any

import pgtrigger

from core.lifecycle import Lifecycle
from core.writers import UNMARKED, is_by_hand

_REFUSE = (
    "RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';"
)


def append_only() -> list[pgtrigger.Trigger]:
    """Triggers for `Meta.triggers` of a ledger, a journal or a log."""
    return [
        pgtrigger.Trigger(
            name="append_only",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            func=_REFUSE,
        ),
        pgtrigger.Trigger(
            name="no_truncate",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func=f"IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; {_REFUSE}",
        ),
    ]


def guard(lifecycle: Lifecycle[Any], field: str) -> pgtrigger.FSM:
    """The life's table as a trigger, for `Meta.triggers`: the database has the last word on every status change.

    A row whose status stays is let by without a call of the function: asking is two comparisons, calling it several
    times the update itself.
    """
    changed = pgtrigger.Q(**{f"old__{field}__df": pgtrigger.F(f"new__{field}")})
    return pgtrigger.FSM(
        name=f"{lifecycle.name}_{field}_guard", field=field, transitions=lifecycle.pairs(), condition=changed
    )


_NOT_HOME = """
IF {by_hand} THEN RETURN NULL; END IF;
RAISE EXCEPTION 'written_by_{home}: % of % beside the {home} services is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege', HINT = 'Call a service of {room}: {remedy}.';
"""


def written_by(
    home: str, *, room: str, remedy: str, columns: Sequence[str] = (), zero: Sequence[str] = ()
) -> list[Any]:
    """Triggers for `Meta.triggers` of a table whose rows are written by the statements of `home` alone (core.writers).

    `columns`: only updates of these are the home's. `zero`: anybody may insert a row in which all these are nothing.
    Asked once a statement when it has run, because the mark is set while it runs; an insert that may be let by, by row.
    """
    refuse = _NOT_HOME.format(home=home, room=room, remedy=remedy, by_hand=is_by_hand(home))

    def trigger(
        verb: str,
        operation: pgtrigger.Operation,
        *,
        level: pgtrigger.Level = pgtrigger.Statement,
        condition: str = UNMARKED,
    ) -> pgtrigger.Trigger:
        return pgtrigger.Trigger(
            name=f"{verb}_by_{home}",
            level=level,
            when=pgtrigger.After,
            operation=operation,
            condition=pgtrigger.Condition(condition),
            func=refuse,
        )

    moves = " OR ".join(f'NEW."{column}" <> 0' for column in zero)
    inserted = (
        trigger("inserted", pgtrigger.Insert, level=pgtrigger.Row, condition=f"(({moves}) AND {UNMARKED})")
        if zero
        else trigger("inserted", pgtrigger.Insert)
    )
    updated = trigger("updated", pgtrigger.UpdateOf(*columns) if columns else pgtrigger.Update)
    return [inserted, updated, trigger("deleted", pgtrigger.Delete)]
