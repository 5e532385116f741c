"""What a field may hold, said by the room's rules in Django's words, so that every form shows it at its field."""

from django.core.exceptions import ValidationError

from accounts.rules import checks


def known_time_zone(name: str) -> None:
    if not checks.is_time_zone(name):
        raise ValidationError(checks.unknown_time_zone(name), code="time_zone")


def currency_code(code: str) -> None:
    if problem := checks.currency_problem(code):
        raise ValidationError(" ".join(problem), code="currency")


def country_code(code: str) -> None:
    if not checks.is_country(code):
        raise ValidationError(checks.unknown_country(code), code="country")


def gln(number: str) -> None:
    if problem := checks.identifier_problem("gln", number):
        raise ValidationError(problem, code="gln")
