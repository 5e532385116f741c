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


def test_what_is_loaded_is_passed_over_what_comes_later_is_not():
    try:
        collection.pass_over_what_is_loaded()
        passed_over = gc.get_freeze_count()
        assert passed_over > 10_000
        later = [[n] for n in range(100)]
        assert gc.is_tracked(later)
        assert gc.get_freeze_count() <= passed_over
    finally:
        gc.unfreeze()
    assert gc.get_freeze_count() == 0
