"""What a licence is worth on a day: valid over [valid_from, valid_to), never from the day it is revoked."""

from datetime import date, timedelta

from catalog.states import LicenceState

SOON_DAYS = 60  # a renewal takes an authority weeks


def state(
    *, valid_from: date, valid_to: date | None, revoked_date: date | None, on: date, soon_days: int = SOON_DAYS
) -> LicenceState:
    """A revocation outweighs the period, also after its end: the record says why it stopped."""
    if revoked_date is not None and revoked_date <= on:
        return LicenceState.REVOKED
    if on < valid_from:
        return LicenceState.UPCOMING
    if valid_to is None:
        return LicenceState.VALID
    if valid_to <= on:
        return LicenceState.EXPIRED
    return LicenceState.EXPIRES_SOON if valid_to <= on + timedelta(days=soon_days) else LicenceState.VALID


def counts(found: LicenceState) -> bool:
    """Whether it opens what asks for a licence."""
    return found in (LicenceState.VALID, LicenceState.EXPIRES_SOON)
