"""The bell: a commit rings it, the relay wakes.

Losing a ring costs at most one second, so a fault is only logged.
"""

from functools import cache

import redis
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

BELL = "holdfast:wake"


@cache
def _client() -> redis.Redis:
    url = settings.REDIS_URL.replace("redis+socket://", "unix://", 1)
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=0.5)


def ring() -> None:
    try:
        with _client().pipeline(transaction=False) as pipe:
            pipe.lpush(BELL, 1)
            pipe.ltrim(BELL, 0, 0)
            pipe.execute()
    except redis.RedisError as error:
        log.warning("wake_bell_unreachable", error=str(error))


def wait(seconds: int = 1) -> None:
    """Return when the bell rings or the time is up."""
    _client().blpop([BELL], timeout=seconds)
