"""Logs: one JSON object a line on stderr, with the request id that the whole chain of work carries."""

import logging
from typing import Any

import structlog

SHARED_STEPS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]

# Frames without their local variables: those hold customers' data and secrets.
TRACEBACKS = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


def configure_structlog() -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED_STEPS,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def logging_config(*, level: str, human: bool) -> dict[str, Any]:
    """Django's LOGGING; `human` prints for a reader at a terminal instead of for a log collector."""
    render: list[Any] = (
        [structlog.dev.ConsoleRenderer()] if human else [TRACEBACKS, structlog.processors.JSONRenderer()]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED_STEPS,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"level": level, "propagate": True},
            # The request middleware already logs every request with its outcome.
            "django.server": {"level": logging.ERROR, "propagate": True},
            "django.request": {"level": logging.ERROR, "propagate": True},
            # The relay ticks every second: its task chatter would drown the rest.
            "celery.app.trace": {"level": logging.WARNING, "propagate": True},
            "celery.worker.strategy": {"level": logging.WARNING, "propagate": True},
            "celery.beat": {"level": logging.WARNING, "propagate": True},
            "django_structlog.celery": {"level": logging.WARNING, "propagate": True},
            "axes": {"level": logging.WARNING, "propagate": True},
        },
    }
