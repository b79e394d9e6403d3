"""Agreement is what its words say, and a miss is a miss."""

import json
import math

import pytest

from optlab.selftest import record


@pytest.mark.parametrize(
    ("number", "ok"),
    [
        (record.to_decimals("", 0.4000004, 0.4, "", 6), True),
        (record.to_decimals("", 0.4000006, 0.4, "", 6), False),
        (record.relative("", -1.02, -1.02 - 1e-13, "", 1e-12), True),
        (record.relative("", 1.02, -1.02, "", 1e-12), False),
        (record.at_most("", 1.0, 1.0, ""), True),
        (record.at_most("", 1.1, 1.0, ""), False),
        (record.equal("", 4, 4.0, ""), True),
        (record.equal("", 4, 5.0, ""), False),
        (record.near("", 87.06, 87.05, "", 0.02, ""), True),
        (record.near("", 89.13, 87.05, "", 0.02, ""), False),
        (record.remark("", 3, 4, "", "another protocol"), None),
    ],
)
def test_agreement(number, ok):
    assert number.ok is ok


@pytest.mark.parametrize("make", [lambda x: record.to_decimals("", x, 1.0, "", 3), lambda x: record.relative("", x, 1.0, "", 0.1),
                                  lambda x: record.at_most("", x, 1.0, ""), lambda x: record.near("", x, 1.0, "", 9.0, "")])  # fmt: skip
def test_what_is_not_finite_agrees_with_nothing(make):
    assert make(math.nan).ok is False
    assert make(math.inf).ok is False


def test_records_are_json():
    assert json.loads(json.dumps(record.at_most("a", math.inf, 1.0, "b").record(), allow_nan=False))["ours"] is None
