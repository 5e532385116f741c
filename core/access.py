"""Who may call: every endpoint and console screen declares an Access; deny is the default.

Roles are plain strings here; the rooms that know them (accounts) give them names.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Access:
    """Role names that may look (`view`) and that may act (`act`, which includes looking)."""

    view: frozenset[str] = frozenset()
    act: frozenset[str] = frozenset()
    anonymous: bool = False

    def may_view(self, user: Any) -> bool:
        return self.anonymous or _is_one_of(user, self.view | self.act)

    def may_act(self, user: Any) -> bool:
        return _is_one_of(user, self.act)


def allow(view: AbstractSet[str] = frozenset(), act: AbstractSet[str] = frozenset()) -> Access:
    return Access(frozenset(view), frozenset(act))


ANYONE = Access(anonymous=True)
NOBODY = Access()


def _is_one_of(user: Any, roles: frozenset[str]) -> bool:
    if not getattr(user, "is_active", False) or not getattr(user, "is_authenticated", False):
        return False
    return bool(getattr(user, "is_superuser", False)) or not roles.isdisjoint(user.roles)
