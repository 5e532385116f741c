"""Keep an allocation policy: checked by its rules, a new version each time it says something else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from catalog.queries import products_by_sku
from core import codec, journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.refs import DocumentRef
from core.uow import door_verb
from inventory.models import AllocationPolicy, AllocationPolicyUse, AllocationPolicyVersion
from inventory.policy_queries import ids_named
from inventory.rules.policy import Policy, Segment, problems
from inventory.rules.policy_text import Names, SegmentDraft, Unreadable, codes_named, read


@dataclass(frozen=True)
class PolicyDraft:
    """What somebody wrote: `settings` is a policy without its segments. `skus` and `categories` (codes) use it."""

    settings: Policy
    segments: tuple[SegmentDraft, ...] = ()
    is_default: bool = False
    skus: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


@door_verb
def save_policy(*, draft: PolicyDraft, actor: Actor, now: datetime, note: str = "") -> int:
    """Create or change the policy of this code; its id. The next run uses it; open runs keep the version they read.

    Raises InvalidInput with every bad field (`/segments.2` is the third row).
    """
    policy, errors = _policy(draft)
    uses, wrong = _uses(draft)
    if errors := [*errors, *wrong]:
        raise InvalidInput(errors)
    row, is_new = _row(policy)
    definition = _definition(policy)
    is_changed = is_new or row.definition != definition or row.name != policy.name
    row.name, row.definition, row.is_default = policy.name, definition, draft.is_default or row.is_default
    row.version += 0 if is_new or not is_changed else 1
    if draft.is_default:
        AllocationPolicy.objects.filter(is_default=True).exclude(pk=row.pk).update(is_default=False)
    row.save()
    if is_changed:
        AllocationPolicyVersion.objects.create(
            policy=row, version=row.version, definition=definition, at=now, actor_label=actor.label, note=note[:200]
        )
    _keep_uses(row, *uses)
    _tell(row, is_new, note, actor=actor, now=now)
    return row.pk


def _row(policy: Policy) -> tuple[AllocationPolicy, bool]:
    found = AllocationPolicy.objects.filter(code__iexact=policy.code.strip()).first()
    return (found, False) if found else (AllocationPolicy(code=policy.code.strip().lower()), True)


def _definition(policy: Policy) -> Any:
    values = codec.dump(policy)
    for name in ("code", "name", "version"):
        del values[name]
    return values


def _policy(draft: PolicyDraft) -> tuple[Policy, list[FieldError]]:
    names = ids_named(codes_named(draft.segments))
    segments, errors = _segments(draft.segments, names)
    policy = replace(draft.settings, segments=tuple(segments))
    errors += [FieldError(f"/{field}", "policy_cannot_run", words, "") for field, words in problems(policy)]
    return policy, errors


def _segments(drafts: Sequence[SegmentDraft], names: Names) -> tuple[list[Segment], list[FieldError]]:
    segments, errors = [], []
    for n, draft in enumerate(drafts):
        try:
            segments.append(read(draft, names))
        except Unreadable as wrong:
            errors.append(FieldError(f"/segments.{n}", "unreadable_segment", f"Segment {n + 1}: {wrong}", ""))
    return segments, errors


def _uses(draft: PolicyDraft) -> tuple[tuple[set[int], set[int]], list[FieldError]]:
    products = products_by_sku(draft.skus) if draft.skus else {}
    categories = ids_named({"account": (), "group": (), "category": [c.upper() for c in draft.categories]}).category
    errors = [
        FieldError("/skus", "unknown_sku", f"No product has the SKU {sku}.", "")
        for sku in draft.skus
        if sku.upper() not in products
    ]
    errors += [
        FieldError("/categories", "unknown_category", f"There is no category {code}.", "")
        for code in draft.categories
        if code.upper() not in categories
    ]
    return (set(products.values()), set(categories.values())), errors


def _keep_uses(row: AllocationPolicy, products: set[int], categories: set[int]) -> None:
    """The products and categories named are this policy's from now on; those it named before are the default's again."""
    AllocationPolicyUse.objects.filter(policy=row).delete()
    AllocationPolicyUse.objects.filter(product_id__in=products).delete()
    AllocationPolicyUse.objects.filter(category_id__in=categories).delete()
    AllocationPolicyUse.objects.bulk_create(
        [
            *(AllocationPolicyUse(policy=row, product_id=i) for i in sorted(products)),
            *(AllocationPolicyUse(policy=row, category_id=i) for i in sorted(categories)),
        ]
    )


def _tell(row: AllocationPolicy, is_new: bool, note: str, *, actor: Actor, now: datetime) -> None:
    verb = "created" if is_new else "changed"
    summary = f"allocation policy {row.name} {verb}, version {row.version}" + (f": {note}" if note else "")
    journal.write(
        [journal.Entry(DocumentRef("allocation_policy", row.pk, row.code), verb, summary)], actor=actor, now=now
    )
