"""One shape for every "why": the rule, its inputs, the outcome, the losers. All doors show the same text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Loser:
    """An alternative that was not taken, and the reason."""

    what: str
    why: str


@dataclass(frozen=True)
class Explanation:
    rule: str
    outcome: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    losers: tuple[Loser, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "outcome": self.outcome,
            "inputs": {k: _plain(v) for k, v in self.inputs.items()},
            "losers": [{"what": x.what, "why": x.why} for x in self.losers],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Explanation":
        losers = tuple(Loser(x["what"], x["why"]) for x in data.get("losers", ()))
        return cls(data["rule"], data["outcome"], dict(data.get("inputs", {})), losers)


_AS_THEY_ARE = (str, int, list, dict, bool, type(None))


def _plain(value: Any) -> Any:
    return value if isinstance(value, _AS_THEY_ARE) else str(value)
