"""Every error of the API as RFC 9457 problem+json: a stable `code`, what happened, what to do, and where.

{"type": "about:blank", "title": …, "status": 422, "code": "invalid_input", "detail": …, "remedy": …,
 "request_id": …, "errors": [{"pointer": "/lines/3/quantity", "code": …, "detail": …, "remedy": …}]}
"""

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from core.errors import Busy, DomainError, FieldError, InvalidInput
from core.idempotency import StoredRefusal

CONTENT_TYPE = "application/problem+json"
log = logging.getLogger(__name__)


class MalformedBody(DomainError):
    status = 400
    template = "The body is not valid JSON: {why}."
    remedy_template = "Send one JSON object, UTF-8, with Content-Type application/json."


class BodyTooLarge(DomainError):
    status = 413
    template = "The body is larger than {limit} bytes."
    remedy_template = "Send fewer lines in one request, or use the file import."


class UnknownParameter(DomainError):
    status = 400
    template = "The query parameter {name!r} is not known here."
    remedy_template = "Known parameters: {known}."


class BadParameter(DomainError):
    status = 400
    template = "The query parameter {name!r} has a value that cannot be used: {given!r}."
    remedy_template = "{expected}"


# DRF's own refusals, with the code and the words this API gives them.
WORDS: dict[type[exceptions.APIException], tuple[str, str, str]] = {
    exceptions.NotAuthenticated: (
        "not_authenticated",
        "This needs a token.",
        "Get one at POST /api/v1/tokens and send it as `Authorization: Bearer …`.",
    ),
    exceptions.AuthenticationFailed: (
        "token_not_valid",
        "The token is unknown, expired or revoked.",
        "Sign in again at POST /api/v1/tokens.",
    ),
    exceptions.PermissionDenied: (
        "not_permitted",
        "Your role does not include this.",
        "Ask your company's administrator for it.",
    ),
    exceptions.NotFound: ("not_found", "Nothing with this address is visible to you.", "Check the address and the id."),
    exceptions.MethodNotAllowed: ("method_not_allowed", "This address does not take that method.", ""),
    exceptions.NotAcceptable: ("not_acceptable", "Only application/json is offered here.", "Accept application/json."),
    exceptions.UnsupportedMediaType: (
        "unsupported_media_type",
        "The body has a content type that is not read here.",
        "Send Content-Type: application/json.",
    ),
    exceptions.Throttled: ("too_many_requests", "Too many requests.", "Wait as long as Retry-After says."),
}


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's hook: any exception of a view as a problem response."""
    if isinstance(exc, DomainError):
        return _of_refusal(exc)
    if isinstance(exc, RequestDataTooBig):
        return _of_refusal(BodyTooLarge(limit="2,097,152"))
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    if isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    if isinstance(exc, exceptions.ValidationError):
        return _of_refusal(InvalidInput(tuple(_field_errors(exc.detail, ""))))
    if isinstance(exc, exceptions.ParseError):
        return _of_refusal(MalformedBody(why=str(exc.detail)))
    if isinstance(exc, exceptions.APIException):
        return _of_framework(exc)
    log.error("api request failed", exc_info=exc)
    return problem(500, "fault", "A fault on our side stopped the request; nothing was saved half-way.", "Try again.")


def problem(status: int, code: str, detail: str, remedy: str = "", errors: tuple[FieldError, ...] = ()) -> Response:
    """A problem+json response of a view."""
    return Response(_body(status, code, detail, remedy, errors), status=status, content_type=CONTENT_TYPE)


def page_problem(status: int, code: str, detail: str, remedy: str = "") -> JsonResponse:
    """The same, said before any view ran."""
    return JsonResponse(_body(status, code, detail, remedy, ()), status=status, content_type=CONTENT_TYPE)


def _body(status: int, code: str, detail: str, remedy: str, errors: tuple[FieldError, ...]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "remedy": remedy,
        "request_id": request_id(),
    }
    if errors:
        body["errors"] = [
            {"pointer": e.pointer, "code": e.code, "detail": e.message, "remedy": e.remedy} for e in errors
        ]
    return body


def request_id() -> str:
    """The number under which the logs keep this request."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def _of_refusal(refusal: DomainError) -> Response:
    errors = refusal.errors if isinstance(refusal, InvalidInput | StoredRefusal) else ()
    response = problem(refusal.status, refusal.code, refusal.message, refusal.remedy, errors)
    if isinstance(refusal, StoredRefusal):
        response["Idempotency-Replayed"] = "true"
    if isinstance(refusal, Busy):
        response["Retry-After"] = str(refusal.retry_after_seconds)
    return response


def _of_framework(exc: exceptions.APIException) -> Response:
    code, detail, remedy = next(
        (words for kind, words in WORDS.items() if isinstance(exc, kind)), ("refused", str(exc.detail), "")
    )
    response = problem(exc.status_code, code, detail, remedy)
    if wait := getattr(exc, "wait", None):
        response["Retry-After"] = str(int(wait) + 1)
    if header := getattr(exc, "auth_header", None):
        response["WWW-Authenticate"] = header
    return response


def _field_errors(detail: Any, pointer: str) -> Iterator[FieldError]:
    """A serializer's nested errors as one flat list of JSON Pointers."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _field_errors(inner, pointer if name == "non_field_errors" else f"{pointer}/{name}")
    elif isinstance(detail, list | tuple):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list)
            yield from _field_errors(inner, f"{pointer}/{index}" if nested else pointer)
    else:
        yield FieldError(pointer or "", getattr(detail, "code", "invalid"), str(detail))
