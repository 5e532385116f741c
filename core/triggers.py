"""Append-only tables: INSERT and SELECT for everybody, nothing else for anybody.

Statement-level, because a row trigger lets a statement that happens to match no row pass. TRUNCATE is
spared in databases whose name starts with test_, so that transactional tests can flush.
"""

from typing import Any

import pgtrigger

from core.lifecycle import Lifecycle

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
