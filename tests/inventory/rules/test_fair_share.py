"""Fair share against a slow clerk who pours water by fractions and counts lots one by one (domain.md §6)."""

import os
import random
from fractions import Fraction

from inventory.rules.fair_share import Share, fair_share

CASES = int(os.environ.get("OMS_CASES", "300"))


def poured(caps, weights, supply):
    """The ideal amounts: raise the level until the next one is full, or the supply is out."""
    got = [Fraction(0)] * len(caps)
    left = Fraction(supply)
    while left > 0:
        open_ = [n for n, cap in enumerate(caps) if got[n] < cap and weights[n] > 0]
        if not open_:
            break
        total = sum(weights[n] for n in open_)
        step = min([left / total, *(Fraction(caps[n] - got[n], weights[n]) for n in open_)])
        for n in open_:
            got[n] += step * weights[n]
        left -= step * total
    return got


def clerk(shares, supply):
    """By the book, with one lot size: cap, pour, floor, leftover lots by remainder, drop the worst below its minimum."""
    dropped = {n for n, s in enumerate(shares) if s.wanted // s.lot * s.lot < s.minimum}
    while True:
        caps = [0 if n in dropped else s.wanted // s.lot * s.lot for n, s in enumerate(shares)]
        ideal = poured(caps, [s.weight for s in shares], supply)
        got = [int(x // s.lot) * s.lot for x, s in zip(ideal, shares, strict=True)]
        left = supply - sum(got)
        while True:
            able = [n for n, s in enumerate(shares) if got[n] + s.lot <= caps[n] and s.lot <= left]
            if not able:
                break
            for n in sorted(able, key=lambda n: (got[n] - ideal[n] if got[n] < ideal[n] else 0, n)):
                if got[n] + shares[n].lot <= caps[n] and shares[n].lot <= left:
                    got[n], left = got[n] + shares[n].lot, left - shares[n].lot
        below = [n for n, s in enumerate(shares) if n not in dropped and got[n] < s.minimum]
        if not below:
            return tuple(got)
        dropped.add(max(below))


def random_shares(rng):
    lot = rng.choice([1, 1, 3, 5, 10])
    return [
        Share(rng.randint(0, 40), lot, rng.choice([0, 1, 1, 2, 3, 7]), rng.choice([0, 0, 0, 5, 12]))
        for _ in range(rng.randint(1, 7))
    ]


def test_the_shares_equal_those_of_the_clerk():
    for seed in range(CASES):
        rng = random.Random(seed)
        shares, supply = random_shares(rng), rng.randint(0, 120)
        assert fair_share(shares, supply).got == clerk(shares, supply), (shares, supply)


def test_never_above_the_supply_or_the_demand_in_whole_lots_and_none_idle_that_ships():
    for seed in range(CASES):
        rng = random.Random(seed)
        shares, supply = random_shares(rng), rng.randint(0, 120)
        dealt = fair_share(shares, supply)
        assert sum(dealt.got) <= supply
        for n, (share, got) in enumerate(zip(shares, dealt.got, strict=True)):
            assert 0 <= got <= share.wanted
            assert got % share.lot == 0
            assert got == 0 or got >= share.minimum
            if n not in dealt.dropped and got + share.lot <= share.wanted:
                assert supply - sum(dealt.got) < share.lot


def test_who_has_more_than_its_share_keeps_it_and_the_others_share_the_rest():
    for seed in range(CASES):
        rng = random.Random(seed)
        shares = [
            Share(s.wanted, 1, s.weight, 0, base=rng.randint(0, s.wanted) if rng.random() < 0.4 else 0)
            for s in random_shares(rng)
        ]
        supply = rng.randint(0, 80)
        first = fair_share(shares, supply)
        assert sum(first.got) == min(supply, sum(s.wanted - s.base for s in shares))
        again = [Share(s.wanted, 1, s.weight, 0, base=s.base + got) for s, got in zip(shares, first.got, strict=True)]
        assert sum(fair_share(again, 0).got) == 0


def test_two_thirds_and_one_third_of_ten_with_the_odd_lot_to_the_larger_remainder():
    a, b = Share(100, 1, 2), Share(100, 1, 1)
    assert fair_share([a, b], 10).got == (7, 3)  # 6.67 and 3.33
    assert fair_share([b, a], 10).got == (3, 7)
    assert fair_share([Share(100, 1, 1), Share(100, 1, 1)], 5).got == (3, 2)  # a tie: the better priority
    assert fair_share([Share(2, 1, 1), Share(100, 1, 1)], 10).got == (2, 8)  # what the first does not want
    assert fair_share([Share(10, 4, 1), Share(10, 4, 1)], 10).got == (4, 4)  # lots of 4; two units stay
    assert fair_share([Share(10, 1, 1, 6), Share(10, 1, 1, 6)], 10).got == (10, 0)  # 5 each is too little to ship


def test_weights_scale_with_the_shares_of_a_shortage():
    """Half of what is asked: everyone gets half."""
    asked = [100, 50, 50, 200, 300, 100, 200]
    assert fair_share([Share(q, 1, q) for q in asked], 500).got == (50, 25, 25, 100, 150, 50, 100)
