import os
import random
from itertools import pairwise

from inventory.rules.shards import heavy, shards

CASES = int(os.environ.get("OMS_CASES", "300"))


def test_every_product_is_in_one_shard_in_order_and_only_one_that_is_alone_is_too_heavy():
    too_heavy = 0
    for seed in range(CASES):
        rng = random.Random(seed)
        lines = {rng.randint(1, 500): rng.randint(1, 60) for _ in range(rng.randint(0, 80))}
        cut = shards(lines, most_products=rng.choice([1, 3, 10]), most_lines=(most := rng.choice([1, 40, 200])))
        assert [i for part in cut for i in part] == sorted(lines)
        for part in cut:
            weight = sum(lines[i] for i in part)
            too_heavy += weight > most
            assert weight <= most or len(part) == 1
        for part, following in pairwise(cut):
            room = most - sum(lines[i] for i in part)
            assert lines[following[0]] > room or len(part) in (1, 3, 10)
    assert too_heavy > 0


def test_a_hundred_products_or_2500_lines_are_a_shard_and_more_of_one_product_is_heavy():
    assert [len(part) for part in shards(dict.fromkeys(range(250), 1))] == [100, 100, 50]
    assert [len(part) for part in shards({1: 2000, 2: 500, 3: 1})] == [2, 1]
    assert shards({}) == []
    lines = {3: 2501, 1: 4000, 2: 2500}
    assert heavy(lines, shards(lines)) == [1, 3]


def test_products_an_order_ties_are_in_one_shard_unless_they_would_be_more_than_four():
    assert shards(dict.fromkeys(range(1, 7), 1), [(1, 5), (5, 6)], most_products=3) == [(1, 5, 6), (2, 3, 4)]
    assert shards({1: 30, 2: 30, 3: 30}, [(1, 3)], most_lines=50) == [(1, 3), (2,)]
    assert heavy({1: 30, 2: 30, 3: 30}, [(1, 3), (2,)], most_lines=50) == [1, 3]
    ring = [(n, n + 1) for n in range(1, 40)]
    assert max(len(part) for part in shards(dict.fromkeys(range(1, 41), 1), ring, most_products=3)) == 12


def test_ties_cut_no_order_that_fits_and_lose_no_product():
    tied = 0
    for seed in range(CASES):
        rng = random.Random(seed)
        lines = {rng.randint(1, 200): rng.randint(1, 9) for _ in range(rng.randint(2, 60))}
        ties = [tuple(rng.sample(sorted(lines), 2)) for _ in range(rng.randint(0, 8)) if len(lines) > 1]
        cut = shards(lines, ties, most_products=20, most_lines=100)
        assert sorted(i for part in cut for i in part) == sorted(lines)
        of = {i: n for n, part in enumerate(cut) for i in part}
        assert all(of[a] == of[b] for a, b in ties)  # 16 products of 9 lines at most: within four shards
        tied += len(ties)
    assert tied > 0
