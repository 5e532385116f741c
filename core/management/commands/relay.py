"""Wake workers for due outbox jobs: on every ring of the bell, and once a second."""

import signal
import time
from typing import Any

import redis
import structlog
from django.core.management.base import BaseCommand
from django.db import OperationalError, connection
from kombu.exceptions import OperationalError as BrokerError

from core import wake
from core.tasks import relay_once

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Run the outbox relay until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        self.going = True
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._stop)
        while self.going:
            try:
                if relay_once() == 0:
                    wake.wait(1)
            except (redis.RedisError, BrokerError, OperationalError) as error:
                log.warning("relay_waits", error=str(error))
                connection.close_if_unusable_or_obsolete()
                time.sleep(1)

    def _stop(self, *_: Any) -> None:
        self.going = False
