"""Tampering with the sealed log, thousands of ways: every one is found, with the head that was kept elsewhere."""

import os
from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from core.chain import GENESIS, Head, Link, Walk, digest

CASES = int(os.environ.get("OMS_CASES", "300"))


def chain(random, length):
    links, previous = [], GENESIS
    for n in range(1, length + 1):
        body = f'{{"id":{n},"money_effect":"-{random.randint(1, 999)}.00","actor":"{random.choice("ABC")}"}}'
        links.append(Link(n, n, previous, digest(previous, body), body))
        previous = links[-1].hash
    return links


def sealed_anew(links, start):
    """What somebody does who can write every table: all hashes from `start` on are made to fit."""
    fixed = list(links[:start])
    for n, link in enumerate(links[start:], start + 1):
        previous = fixed[-1].hash if fixed else GENESIS
        fixed.append(replace(link, position=n, previous_hash=previous, hash=digest(previous, link.body)))
    return fixed


def edit(random, links, at):
    return [*links[:at], replace(links[at], body=links[at].body.replace("-", "-1", 1)), *links[at + 1 :]]


def delete(random, links, at):
    return [*links[:at], *links[at + 1 :]]


def delete_the_entry(random, links, at):
    return [*links[:at], replace(links[at], body=None), *links[at + 1 :]]


def insert(random, links, at):
    body = '{"id":0,"money_effect":"0.00","actor":"Z"}'
    forged = Link(at + 1, 999, links[at].previous_hash, digest(links[at].previous_hash, body), body)
    return [*links[:at], forged, *(replace(x, position=x.position + 1) for x in links[at:])]


def reorder(random, links, at):
    other = (at + random.randint(1, len(links) - 1)) % len(links)
    swapped = list(links)
    swapped[at], swapped[other] = (
        replace(links[other], position=at + 1),
        replace(links[at], position=other + 1),
    )
    return swapped


def truncate(random, links, at):
    return links[:at]


TAMPERINGS = [edit, delete, delete_the_entry, insert, reorder, truncate]


def test_every_random_tampering_is_found():
    done = Counter()
    for seed in range(CASES):
        random = Random(seed)
        links = chain(random, random.randint(2, 30))
        kept = Head(len(links), links[-1].hash)
        assert Walk(kept).over(links).problems == []
        tamper, at = random.choice(TAMPERINGS), random.randrange(len(links))
        touched = tamper(random, links, at)
        if tamper is not delete_the_entry and random.random() < 0.5:
            touched, name = sealed_anew(touched, at), f"{tamper.__name__}, sealed anew"
        else:
            name = tamper.__name__
        found = Walk(kept).over(touched).problems
        assert found, f"seed {seed}: {name} at {at} of {len(links)} was not found"
        done[name] += 1
    assert len(done) == 2 * len(TAMPERINGS) - 1, done


@pytest.mark.parametrize("tamper", [edit, delete, insert, reorder])
def test_without_a_head_only_what_was_sealed_anew_goes_unseen(tamper):
    random = Random(1)
    links = chain(random, 9)
    touched = tamper(random, links, 3)
    assert Walk().over(touched).problems
    assert Walk().over(sealed_anew(touched, 3)).problems == []


def test_an_older_head_stays_good_while_the_chain_grows():
    links = chain(Random(2), 9)
    assert Walk(Head(4, links[3].hash)).over(links).problems == []
    assert Walk(Head(0, links[3].hash)).over(links).problems == []  # only the hash was kept
    assert Walk(Head(5, links[3].hash)).over(links).problems  # the right hash in another place
    assert Walk(Head(0, GENESIS)).over(links).problems == []
