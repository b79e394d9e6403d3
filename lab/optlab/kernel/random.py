"""Mini-batch orders from a counter-based generator: the order of epoch e is a function of (key, e) alone.

Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. Numba's own generator is
per thread and cannot be reproduced (numba #4452). The key is two 32-bit words of the trial's stream; the counter is
(block, epoch, 0, 0). The plain twin is `naive.order`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from optlab.jit import internal, merged
from optlab.kernel.layout import ORDER_FIXED, ORDER_FRESH, ORDER_REPLACEMENT
from optlab.kernel.memory import pointer_of, stack_words
from optlab.kernel.symbols import linked

# All words are uint64 that hold 32 bits: uint64 with int64 would become float64 in Numba.
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MULTIPLY0, _MULTIPLY1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL0, _WEYL1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_ROUNDS = 10
WORDS = 64


@internal
def philox(c0: Any, c1: Any, c2: Any, c3: Any, key0: Any, key1: Any) -> Any:
    """Four random 32-bit words for a counter of four words and a key of two (uint64 that hold 32 bits)."""
    for _ in range(_ROUNDS):
        product0, product1 = _MULTIPLY0 * c0, _MULTIPLY1 * c2
        c0, c1, c2, c3 = (product1 >> _HALF) ^ c1 ^ key0, product1 & _LOW, (product0 >> _HALF) ^ c3 ^ key1, product0 & _LOW
        key0, key1 = (key0 + _WEYL0) & _LOW, (key1 + _WEYL1) & _LOW
    return c0, c1, c2, c3


@internal
def refill(words: Any, block: Any, epoch: Any, key0: Any, key1: Any) -> None:
    """WORDS words of the stream from counter `block` on: the first word of each of WORDS / 4 counters, then the second ones, ...

    Counters are independent, so several go through the rounds at once: one by one a word costs 5 ns of latency.
    """
    for b in range(WORDS // 4):
        w0, w1, w2, w3 = philox((block + np.uint64(b)) & _LOW, epoch, np.uint64(0), np.uint64(0), key0, key1)
        words[b], words[WORDS // 4 + b], words[WORDS // 2 + b], words[3 * WORDS // 4 + b] = w0, w1, w2, w3


@internal
def multiplied(words: Any, count: Any, first: Any, growth: Any, wide: Any) -> Any:
    """wide[i] = words[i] * bound with bound = first + i * growth, and whether every low half is at least its bound."""
    below = np.uint64(0)
    for i in range(count):
        bound = (first + np.uint64(i) * growth) & _LOW
        product = words[i] * bound
        wide[i] = product
        below += np.uint64((product & _LOW) < bound)
    return below == np.uint64(0)


@merged
def place(order: Any, i: Any, j: Any, replacement: Any) -> None:
    """Row i of the order is j, or changes places with the one at j."""
    if replacement:
        order[i] = j
    else:
        order[i], order[j] = order[j], order[i]


@internal
def draw(order: Any, n: Any, replacement: Any, epoch: Any, key0: Any, key1: Any) -> None:
    """Shuffle the n < 2**32 indices of `order` (Fisher-Yates from the start), or fill it with independent indices below n.

    Bounded integers are unbiased: Lemire, "Fast random integer generation in an interval", 2019; a word is thrown away when the
    low half of word * bound falls below 2**32 mod bound. A low half of at least the bound need not be tested: where all of a block
    are, its products are made together in vectors (a row of 1024 takes 2.5 ns instead of 3.6, the generator's 0.7 included).
    """
    key0, key1, counter, block = np.uint64(key0) & _LOW, np.uint64(key1) & _LOW, np.uint64(epoch) & _LOW, np.uint64(0)
    words, wide = stack_words(WORDS), stack_words(WORDS)
    growth = np.uint64(0 if replacement else 1)
    i = 0
    while i < n:
        refill(words, block, counter, key0, key1)
        block += np.uint64(WORDS // 4)
        first = np.uint64(n if replacement else i + 1)
        count = min(WORDS, n - i)
        if multiplied(words, count, first, growth, wide):
            if replacement:
                for k in range(count):
                    place(order, i + k, np.int64(wide[k] >> _HALF), True)
            else:
                for k in range(count):
                    place(order, i + k, np.int64(wide[k] >> _HALF), False)
            i += count
            continue
        for k in range(WORDS):
            bound = np.uint64(n if replacement else i + 1)
            product = words[k] * bound
            if i < n and (product & _LOW) >= (np.uint64(0x100000000) - bound) % bound:
                place(order, i, np.int64(product >> _HALF), replacement)
                i += 1


def next_order_body(order: Any, n: Any, policy: Any, epoch: Any, key0: Any, key1: Any) -> Any:
    """Order of epoch 1, 2, ... into `order`, which must still hold the order of the epoch before."""
    if policy == ORDER_FIXED and epoch > 1:
        return 0
    if epoch == 1 or policy == ORDER_FRESH:
        for i in range(n):
            order[i] = i
    draw(order, n, policy == ORDER_REPLACEMENT, epoch, key0, key1)
    return 0


_I = types.int64
next_order_signature = _I(types.CPointer(_I), _I, _I, _I, _I, _I)


@intrinsic
def next_order(typingctx: Any, order: Any, n: Any, policy: Any, epoch: Any, key0: Any, key1: Any) -> Any:
    """`next_order_body`, published by `load`."""
    return linked("next_order", next_order_signature)


def orders(n: Any, epochs: Any, policy: Any, key0: Any, key1: Any) -> Any:
    """The orders int64 (epochs, n) that a trial with this key draws, for Python."""
    out = np.empty((epochs, n), np.int64)
    order = np.empty(n, np.int64)
    for epoch in range(epochs):
        next_order(pointer_of(order), n, policy, epoch + 1, key0, key1)
        for i in range(n):
            out[epoch, i] = order[i]
    return out
