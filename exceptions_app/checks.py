"""A kind of case that nothing finds, nothing ends, or that nobody could do anything about, fails the start-up check."""

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Error

from exceptions_app import detection, kinds, suggestions
from exceptions_app.kinds import KindSpec

USUAL = 2  # ways out of a trouble; fewer are declared with the reason


def every_kind_is_found_and_mended(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    return [problem for spec in kinds.kinds() for problem in _problems(spec)]


def _problems(spec: KindSpec) -> Iterable[CheckMessage]:
    if spec.awaits:
        pass  # its detector comes with the seam it waits for; who owns it and what ends it stand already
    elif not detection.finders_of(spec.code):
        hint = "Register a detector, or say with detection.pushed() which service opens it, in <room>/detectors.py."
        yield Error(f"Nothing finds cases of kind {spec.code!r}.", hint=hint, id="exceptions_app.E001")
    elif not detection.enders_of(spec.code):
        hint = "Register a Watch; or say with detection.ended() what ends them, or with stays() why none does."
        yield Error(f"Pushed cases of {spec.code!r} outlive their cause.", hint=hint, id="exceptions_app.E004")
    offered = suggestions.offered(spec.code)
    if offered < spec.least_resolutions:
        hint = "Register resolutions in <room>/resolutions.py, or lower the kind's least_resolutions and say why."
        told = f"{spec.code!r} has {offered} of at least {spec.least_resolutions} resolutions."
        yield Error(told, hint=hint, id="exceptions_app.E002")
    if (spec.least_resolutions < USUAL) != bool(spec.why_fewer.strip()):
        hint = "Say in why_fewer why fewer than two make sense, or take the words away where two are demanded."
        told = f"{spec.code!r} is content with {spec.least_resolutions} resolutions: {spec.why_fewer or 'nobody says why'}."
        yield Error(told, hint=hint, id="exceptions_app.E003")
