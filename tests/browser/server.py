"""The site on a free port, in this process: what a browser test breaks is found in the same debugger."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application


class _Silent(WSGIRequestHandler):
    """The recorder of each page tells what was asked and answered; lines on stderr would say it again."""

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def running_site() -> Iterator[str]:
    """The address of the site. Static files come from WhiteNoise, as in life."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), _Silent)
    server.set_app(get_wsgi_application())
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
