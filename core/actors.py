"""Who does it, for whom, and within which request. Every verb takes an Actor; nothing is done by nobody."""

from dataclasses import dataclass, replace

SYSTEM_ROLE = "service"
PRODUCT = "Holdfast"  # who did what no person did, in histories and timelines


@dataclass(frozen=True)
class Actor:
    """`user_id` is None for the system itself. `on_behalf_of` is the account a rep or CS person acts for."""

    label: str
    user_id: int | None = None
    roles: frozenset[str] = frozenset()
    on_behalf_of: int | None = None
    channel: str = "system"
    ip: str = ""
    request_id: str = ""

    @property
    def is_system(self) -> bool:
        return self.user_id is None

    def has_role(self, *roles: str) -> bool:
        return not self.roles.isdisjoint(roles)

    def acting_for(self, account_id: int) -> "Actor":
        return replace(self, on_behalf_of=account_id)


def system(label: str, *, request_id: str = "") -> Actor:
    """The actor of a job: `label` names it ("allocation run", "EDI receive"). People read "Holdfast, allocation run"."""
    return Actor(label=f"{PRODUCT}, {label}", roles=frozenset({SYSTEM_ROLE}), request_id=request_id)
