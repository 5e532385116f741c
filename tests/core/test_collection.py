import gc
from threading import Barrier, Event, Thread

import pytest

from core import collection


def fail():
    with collection.waiting():
        assert not gc.isenabled()
        raise KeyError


def test_the_collector_waits_and_starts_again_also_after_a_failure():
    assert gc.isenabled()
    with pytest.raises(KeyError):
        fail()
    assert gc.isenabled()


def test_it_waits_for_the_last_of_several_that_asked():
    both, done = Barrier(3), Event()

    def ask(and_stay):
        with collection.waiting():
            both.wait(timeout=10)
            if and_stay:
                done.wait(timeout=10)

    short, long = (Thread(target=ask, args=(stays,)) for stays in (False, True))
    short.start()
    long.start()
    both.wait(timeout=10)
    short.join(timeout=10)
    with collection.waiting():  # a third asker comes and goes
        pass
    assert not gc.isenabled()
    done.set()
    long.join(timeout=10)
    assert gc.isenabled()


def test_where_it_is_off_it_stays_off():
    gc.disable()
    try:
        with collection.waiting():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
