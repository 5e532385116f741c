"""How the web server runs; the address comes from the command line or `PORT`."""

import os
from typing import Any

bind = f"{os.environ.get('OMS_BIND', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("OMS_WEB_WORKERS", "2"))
worker_class = "gthread"
threads = int(os.environ.get("OMS_WEB_THREADS", "4"))
timeout = 60
graceful_timeout = 20
keepalive = 15
max_requests = 20_000  # a worker is renewed now and then, at a random moment, so that a leak stays small
max_requests_jitter = 2_000
accesslog = None  # every request is logged by the application, with its request id
control_socket_disable = True


def child_exit(server: Any, worker: Any) -> None:
    """Let the counters of a gone worker be folded into the totals."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)
