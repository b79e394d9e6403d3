"""`optlab selftest`: a line per number, JSON, and exit code 1 when one is missed."""

import functools
import json
import re
from pathlib import Path

import pytest

from optlab import selftest
from optlab.selftest import closed_forms, record


def test_a_part_alone(optlab):
    code, out, err = optlab("selftest", "closed-forms")
    assert code == 0 and err == ""
    assert "16 of 16 numbers reproduced" in out
    assert out.count("\N{CHECK MARK}") == 16 and "\N{BALLOT X}" not in out


def test_json_has_a_record_per_number(optlab):
    code, out, _ = optlab("selftest", "closed-forms", "--json")
    records = json.loads(out)
    assert code == 0 and len(records) == 16
    assert set(records[0]) == {"part", "what", "ours", "published", "source", "agreement", "ok"}


def test_a_missed_number_is_named_and_ends_with_1(optlab, monkeypatch):
    def numbers(progress):
        yield record.equal("right", 1, 1.0, "somebody")
        yield record.equal("wrong", 1, 2.0, "somebody")
        yield record.remark("another protocol's", 1, 2.0, "somebody", "other data")

    monkeypatch.setattr(closed_forms, "numbers", numbers)
    code, out, _ = optlab("selftest", "closed-forms")
    assert code == 1
    assert "1 of 2 numbers reproduced, 1 shown beside another protocol's" in out
    assert "missed: wrong: 1, published 2 (equal)" in out
    assert optlab("selftest", "closed-forms", "--json")[0] == 1


def test_an_unknown_part_is_one_sentence(optlab):
    code, out, err = optlab("selftest", "deepob")
    assert (code, out) == (2, "")
    assert "there is no" not in err and "selftest has no part 'deepob'" in err and "deepobs" in err


def test_help_has_an_example_and_names_the_parts(optlab):
    code, out, _ = optlab("selftest", "--help")
    assert code == 0 and "Example" in out
    assert all(name in out for name in selftest.PARTS)


@functools.cache
def whole(name):
    return list(selftest.numbers(name))


@pytest.mark.long
@pytest.mark.parametrize("name", list(selftest.PARTS))
def test_every_number_is_reproduced(name):
    assert whole(name) and [one.what for one in whole(name) if one.ok is False] == []


@pytest.mark.long
def test_the_guide_shows_what_momentum_does():
    page = (Path(__file__).parents[2] / "docs" / "selftest.md").read_text()
    rows = re.findall(r"^\| (?:learning|best|test|its).*\| (\S+) \| (\S+) \| (\S+) \|$", page, flags=re.MULTILINE)
    ours = {one.what: one.ours for one in whole("deepobs")}
    wanted = [
        [ours[f"{policy} order, momentum: {what}"] for policy, what in zip(("fixed", "fresh"), names, strict=True)]
        for names in (
            ("rates within 1 % of the best",) * 2,
            ("best learning rate",) * 2,
            ("mean of ten seeds there", "mean of ten seeds at the published best rate"),
        )
    ]
    assert [[float(cell) for cell in row[1:]] for row in rows[:3]] == [pytest.approx(pair, rel=6e-3) for pair in wanted]
