"""The counter-based generator against Random123's known answers, the orders against the plain twin."""

from __future__ import annotations

import numpy as np
import pytest

from optlab.kernel import layout
from optlab.kernel.load import load
from optlab.kernel.random import philox
from tests import naive

# Random123-1.14, examples/kat_vectors, philox4x32 10.
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
POLICIES = {
    "fresh": layout.ORDER_FRESH,
    "fixed": layout.ORDER_FIXED,
    "cumulative": layout.ORDER_CUMULATIVE,
    "replacement": layout.ORDER_REPLACEMENT,
}


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_known_answers(counter: tuple[int, ...], key: tuple[int, ...], answer: tuple[int, ...]) -> None:
    assert naive.philox(counter, key) == answer
    assert tuple(int(word) for word in philox.py_func(*[np.uint64(x) for x in (*counter, *key)])) == answer


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("n", [1, 2, 3, 64, 257])
def test_orders_equal_the_plain_twin(policy: str, n: int) -> None:
    for key in ((0, 0), (12345, 0xFFFFFFFF)):
        expected = naive.orders(n, 4, policy, key)
        assert np.array_equal(load("float64").orders(n, 4, POLICIES[policy], *key), expected)


@pytest.mark.parametrize("policy", ["fresh", "replacement"])
def test_words_are_thrown_away_as_in_the_plain_twin(policy: str) -> None:
    n, key = 300_000, (3, 4)
    stream, thrown = naive.words(1, key), 0
    for i in range(n):
        bound = n if policy == "replacement" else i + 1
        while next(stream) * bound % 2**32 < 2**32 % bound:
            thrown += 1
    assert thrown > 0
    assert np.array_equal(load("float64").orders(n, 1, POLICIES[policy], *key)[0], naive.order(None, n, policy, 1, key))


def test_policies_mean_what_they_say() -> None:
    def draw(name: str) -> np.ndarray:
        return load("float64").orders(100, 3, POLICIES[name], 1, 2)

    for name in ("fresh", "fixed", "cumulative"):
        assert np.array_equal(np.sort(draw(name), axis=1), np.tile(np.arange(100), (3, 1)))
    assert np.array_equal(draw("fixed")[0], draw("fixed")[2])
    assert np.array_equal(draw("fresh")[0], draw("fixed")[0])
    assert not np.array_equal(draw("fresh")[0], draw("fresh")[1])
    fresh, cumulative = draw("fresh"), draw("cumulative")
    assert np.array_equal(cumulative[1], cumulative[0][fresh[1]])
    assert len(np.unique(draw("replacement")[0])) < 100


def test_all_orders_are_equally_likely() -> None:
    # 6 permutations of 3, 6000 epochs: chi-squared with 5 degrees of freedom exceeds 25 once in 7000.
    drawn = load("float64").orders(3, 6000, layout.ORDER_FRESH, 7, 8)
    counts = np.unique(drawn @ [9, 3, 1], return_counts=True)[1]
    assert len(counts) == 6
    assert ((counts - 1000) ** 2 / 1000).sum() < 25
    rows = np.bincount(load("float64").orders(10, 1000, layout.ORDER_REPLACEMENT, 7, 8).ravel(), minlength=10)
    assert ((rows - 1000) ** 2 / 1000).sum() < 30
