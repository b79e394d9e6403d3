"""When a study is decided, and what looking more than once costs."""

import pandas as pd
import pytest

from optlab.errors import OptlabError
from optlab.evidence import looks


def claims(*rows):
    return pd.DataFrame(rows, columns=["problem", "a", "b", "outcome"])


def test_the_looks_share_five_percent():
    assert sum(looks.level(look) for look in looks.LOOKS) == pytest.approx(0.05)
    assert looks.LOOKS == (10, 20, 40, 80)


def test_a_number_between_looks_has_no_level():
    with pytest.raises(OptlabError, match="15 replicates is no look"):
        looks.level(15)


def test_the_next_look():
    assert [looks.next_look(n) for n in (0, 10, 11, 79, 80)] == [10, 20, 20, 80, None]


def test_decided_when_the_leader_is_told_from_everybody():
    first = [("wine", "adam", "gd", "better"), ("wine", "adam", "lion", "equivalent")]
    assert looks.decided(claims(*first, ("wine", "gd", "lion", "cannot tell")))
    assert not looks.decided(claims(*first, ("iris", "gd", "adam", "cannot tell")))
    assert not looks.decided(claims(first[0], ("wine", "adam", "lion", "cannot tell"), ("wine", "lion", "gd", "better")))


def test_a_circle_has_no_leader():
    assert not looks.decided(claims(("wine", "a", "b", "better"), ("wine", "b", "c", "better"), ("wine", "c", "a", "better")))


def test_nothing_to_compare_is_decided():
    assert looks.decided(claims())
