"""The garbage collector, told what it need not look at, and told to wait: for work that makes very many objects, none
of them in a cycle.

An allocation run makes some hundred objects for every line and drops them at its end. The collector looks through all
that are alive each time a quarter more are made, and finds nothing: two fifths of a run were spent so.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_asked = 0  # by how many of this process' threads
_was_on = False  # before the first of them


def pass_over_what_is_loaded() -> None:
    """For a process that has loaded its code and begins to work: modules, classes and settings stay until it ends, and
    are a quarter of a million objects the collector would look through again and again. Of the claims of an order of
    500 lines it took half of Python's time.
    """
    gc.collect()
    gc.freeze()


@contextmanager
def waiting() -> Iterator[None]:
    """The collector starts again when the last that asked is done; where it was off, it stays off."""
    global _asked, _was_on
    with _lock:
        if not _asked:
            _was_on = gc.isenabled()
            gc.disable()
        _asked += 1
    try:
        yield
    finally:
        with _lock:
            _asked -= 1
            if _was_on and not _asked:
                gc.enable()
