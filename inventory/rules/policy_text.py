"""A segment of an allocation policy as people write it: "tier 1, 2; region west; contract; due within 14"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from inventory.rules.policy import DEFAULT_KEYS, WORDS, Filters, Segment
from inventory.states import FairWeight, SortKey, Strategy

HELP = (
    "everyone, or terms parted by semicolons: tier 1, 2 · region west · account C-100 · group CODE · category CODE · "
    "contract · spot · blocked · not blocked · behind target · on target · margin 3-9 · due within 14 · due after 14"
)
NAMED = ("account", "group", "category")
LONGEST_NUMBER, SHOWN = 9, 60
_FLAGS: Mapping[str, dict[str, bool]] = {
    "contract": {"is_contract": True},
    "spot": {"is_contract": False},
    "blocked": {"is_blocked": True},
    "not blocked": {"is_blocked": False},
    "behind target": {"is_behind": True},
    "on target": {"is_behind": False},
}
_DAYS = {"due within": "due_within_days", "due after": "due_after_days"}
_KEYS = {words.lower(): key for key, words in WORDS.items()} | {str(key): key for key in SortKey}


@dataclass(frozen=True)
class SegmentDraft:
    """A row of the editor; `fair` is empty or what shares are proportional to."""

    name: str
    strategy: str
    who: str = "everyone"
    sort: str = ""
    fair: str = ""


@dataclass(frozen=True)
class Names:
    """{CODE in capitals: id} of what segments name."""

    account: Mapping[str, int] = field(default_factory=dict)
    group: Mapping[str, int] = field(default_factory=dict)
    category: Mapping[str, int] = field(default_factory=dict)


class Unreadable(ValueError):
    """What was written is no segment; the message says what and what would be."""


def codes_named(drafts: Sequence[SegmentDraft]) -> dict[str, set[str]]:
    """{account, group or category: the codes named}, for looking them up before `read`."""
    found: dict[str, set[str]] = {kind: set() for kind in NAMED}
    for draft in drafts:
        for term in _terms(draft.who):
            kind, _, rest = term.partition(" ")
            if (kind := kind.lower()) in NAMED:
                found[kind] |= {code.upper() for code in _list(rest)}
    return found


def read(draft: SegmentDraft, names: Names) -> Segment:
    """The segment. Raises Unreadable."""
    try:
        strategy = Strategy(draft.strategy.strip().lower())
    except ValueError:
        raise Unreadable(f"{draft.strategy!r} is no strategy. There are {', '.join(Strategy)}.") from None
    fair = draft.fair.strip().lower()
    if fair and fair not in list(FairWeight):
        raise Unreadable(f"{draft.fair!r} is no weight. There are {', '.join(FairWeight)}; empty: by rank.")
    return Segment(
        draft.name.strip(), strategy, _filters(draft.who, names), _sort(draft.sort), bool(fair),
        FairWeight(fair) if fair else FairWeight.DEMAND, draft.who.strip() or "everyone",
    )  # fmt: skip


def written(segment: Segment) -> SegmentDraft:
    sort = "" if segment.sort_keys == DEFAULT_KEYS else ", ".join(WORDS[key] for key in segment.sort_keys)
    fair = str(segment.weight) if segment.is_fair else ""
    return SegmentDraft(segment.name, str(segment.strategy), segment.who, sort, fair)


def _sort(text: str) -> tuple[SortKey, ...]:
    if not text.strip():
        return DEFAULT_KEYS
    unknown = [word for word in _list(text) if word.lower() not in _KEYS]
    if unknown:
        raise Unreadable(f"{unknown[0]!r} is nothing to sort by. There are {', '.join(WORDS.values())}.")
    return tuple(_KEYS[word.lower()] for word in _list(text))


def _filters(text: str, names: Names) -> Filters:
    found = Filters()
    for term in _terms(text):
        found = replace(found, **_term(term, names))
    return found


def _terms(text: str) -> list[str]:
    terms = [" ".join(term.split()) for term in text.split(";")]
    return [term for term in terms if term and term.lower() != "everyone"]


def _term(term: str, names: Names) -> dict[str, Any]:
    lowered = term.lower()
    if lowered in _FLAGS:
        return dict(_FLAGS[lowered])
    for words, name in _DAYS.items():
        if lowered.startswith(words):
            return {name: _number(lowered.removeprefix(words).removesuffix("days"), term)}
    kind, _, rest = term.partition(" ")
    if kind.lower() == "tier":
        return {"tier_ranks": frozenset(_number(part, term) for part in _list(rest))}
    if kind.lower() == "region" and rest:
        return {"regions": frozenset(_list(rest))}
    if kind.lower() == "margin":
        low, _, high = rest.partition("-")
        return {"min_margin_band": _number(low, term), "max_margin_band": _number(high or low, term)}
    if kind.lower() in NAMED and rest:
        return {f"{kind.lower()}_ids": frozenset(_ids(kind.lower(), rest, names))}
    raise Unreadable(f"{term!r} says nothing about who is meant. Write {HELP}.")


def _ids(kind: str, rest: str, names: Names) -> list[int]:
    known: Mapping[str, int] = getattr(names, kind)
    for code in _list(rest):
        if code.upper() not in known:
            raise Unreadable(f"There is no {kind} {code}.")
    return [known[code.upper()] for code in _list(rest)]


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _number(text: str, term: str) -> int:
    if not text.strip().isdecimal() or len(text.strip()) > LONGEST_NUMBER:
        raise Unreadable(f"{term[:SHOWN]!r} needs a whole number, of at most {LONGEST_NUMBER} digits.")
    return int(text)
