"""Descriptions come back as they were, in few bytes, in every later version."""

import hashlib
import itertools
import json
import zlib

import pytest

from optlab.study import packed
from optlab.study.trial import Cell
from tests.study.support import tiny
from tests.study.test_trial import CELL


@pytest.mark.parametrize("text", ["", "{}", CELL.description, "\N{GREEK SMALL LETTER ALPHA}" * 500, packed.TYPICAL.decode()])
def test_round_trip(text: str) -> None:
    assert packed.plain(packed.pack(text)) == text
    assert packed.plain(text) == text  # of an older store


def test_what_was_packed_once_is_always_read() -> None:
    # If one of these fails, no store of any user can be read.
    assert hashlib.blake2b(packed.TYPICAL, digest_size=8).hexdigest() == "251ac807ab563832"
    assert packed.plain(bytes.fromhex("78bb2ecf4bc4ab86a703e35a001c1d042c")) == '{"epochs":3}'


def test_a_description_takes_a_fifth() -> None:
    assert json.loads(packed.TYPICAL)
    cells: list[Cell] = list(tiny().cells())
    for cell in cells:
        assert len(packed.pack(cell.description)) < 0.25 * len(cell.description)


def read(block: bytes) -> str | None:
    try:
        return packed.plain(block)
    except (zlib.error, UnicodeDecodeError):
        return None


def test_damage_is_seen() -> None:
    block = packed.pack(CELL.description)
    for place, bit in itertools.product(range(len(block)), range(8)):
        assert read(block[:place] + bytes([block[place] ^ (1 << bit)]) + block[place + 1 :]) in (None, CELL.description)
