"""Trees that point at their own table stay trees: the database refuses the update that would close a ring."""

import pgtrigger

# One at a time, or two who hang A under B and B under A at once would not see each other.
_WALK = """
PERFORM pg_advisory_xact_lock(hashtext(TG_TABLE_NAME || '.{column}'));
IF EXISTS (
    WITH RECURSIVE above(id) AS (
        SELECT NEW.{column}
        UNION
        SELECT higher.{column}::bigint FROM {table} higher JOIN above ON higher.id = above.id
         WHERE higher.{column} IS NOT NULL
    ) SELECT 1 FROM above WHERE id = NEW.id
) THEN
    RAISE EXCEPTION '{name}: % % would stand above itself', TG_TABLE_NAME, NEW.id
        USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
END IF;
RETURN NEW;
"""


def no_ring(column: str, name: str, *, table: str) -> pgtrigger.Trigger:
    """For `Meta.triggers`. A row that is new has nothing below it, so only updates are walked; that a row does not
    point at itself is a check constraint."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf(column),
        condition=pgtrigger.Condition(f'NEW."{column}" IS NOT NULL AND NEW."{column}" IS DISTINCT FROM OLD."{column}"'),
        func=_WALK.format(column=column, table=table, name=name),
    )
