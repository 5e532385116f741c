"""Chance that depends on the seed and on what it is about, never on ids, the clock or the order of questions."""

from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True)
class Chance:
    seed: int

    def share(self, *about: object) -> float:
        """A number in [0, 1): the same for the same seed and subject, in any run."""
        text = "|".join([str(self.seed), *map(str, about)])
        return int.from_bytes(blake2b(text.encode(), digest_size=7).digest()) / 2**56

    def between(self, low: int, high: int, *about: object) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.share(*about) * (high - low + 1))
