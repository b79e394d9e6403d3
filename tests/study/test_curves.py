"""Stored curves are small, their counters exact, and the digest sees every bit but the clock's."""

import numpy as np
import pytest

from optlab.errors import OptlabError
from optlab.study import curves


def made_up(rows: int = 31) -> np.ndarray:
    rng = np.random.default_rng(0)
    epoch = np.arange(rows, dtype=float)
    falling = 2.3 * np.exp(-epoch[:, None] / 10) * (1 + 0.05 * rng.normal(size=(rows, 6)))
    return np.column_stack([epoch, epoch * 17, np.cumsum(rng.random(rows)) * 1e-3, epoch * 1.23456789e7, falling])


@pytest.mark.parametrize("rows", [0, 1, 2, 31])
def test_round_trip(rows: int) -> None:
    table = made_up(rows)
    read = curves.unpack(curves.pack(table))
    for name in curves.COUNTERS:
        k = curves.COLUMNS.index(name)
        assert np.array_equal(read[:, k], table[:, k])
    assert np.array_equal(read, np.where(np.isin(np.arange(10), [0, 1, 3]), table, table.astype(np.float32)))


def test_absent_and_infinite_numbers_survive() -> None:
    table = made_up(4)
    table[:, 8:], table[3, 4] = np.nan, 1e300
    read = curves.unpack(curves.pack(table))
    assert np.isnan(read[:, 8:]).all() and read[3, 4] == np.inf


def test_fifty_epochs_stay_below_two_kilobytes() -> None:
    assert len(curves.pack(made_up(51))) < 1400


@pytest.mark.parametrize("block", [b"", b"\x05\x00\x00\x00", curves.pack(made_up())[:-3], b"\xff\xff\x00\x00" + curves.pack(made_up())[4:]])
def test_a_damaged_block_is_refused(block: bytes) -> None:
    with pytest.raises(OptlabError, match="damaged"):
        curves.unpack(block)


@pytest.mark.parametrize("column", range(10))
def test_the_digest_sees_one_changed_bit_in_every_column_but_seconds(column: int) -> None:
    table = made_up()
    changed = table.copy()
    changed[7, column] = np.nextafter(changed[7, column], np.inf)
    assert (curves.digest(changed) == curves.digest(table)) == (curves.COLUMNS[column] == "seconds")
