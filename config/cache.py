"""A cache that may be away: it holds nothing that cannot be computed again."""

from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisSlow

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")


class ForgivingRedisCache(RedisCache):
    """Answers "not cached" while the server is away, so a restarted cache costs time, not requests."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return _unless_away(lambda: super(ForgivingRedisCache, self).get(key, default, version), default)

    def set(self, *args: Any, **kwargs: Any) -> None:
        _unless_away(lambda: super(ForgivingRedisCache, self).set(*args, **kwargs), None)

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(_unless_away(lambda: super(ForgivingRedisCache, self).add(*args, **kwargs), True))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(_unless_away(lambda: super(ForgivingRedisCache, self).delete(*args, **kwargs), False))

    def get_many(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        nothing: dict[Any, Any] = {}
        return _unless_away(lambda: super(ForgivingRedisCache, self).get_many(*args, **kwargs), nothing)


def _unless_away(ask: Callable[[], Answer], otherwise: Answer) -> Answer:
    try:
        return ask()
    except (RedisGone, RedisSlow) as gone:
        log.warning("cache_away", error=str(gone))
        return otherwise
