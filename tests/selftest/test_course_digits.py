"""The first cells of the course's heat map here; both rows with the long tests."""

from optlab.selftest import course_digits


def test_first_cells():
    found = list(course_digits.numbers(lambda words: None, most=2))
    assert [one.ok for one in found] == [True, True]


def test_another_start_would_miss(monkeypatch):
    monkeypatch.setattr(course_digits, "FIRST_BIAS", 1.0)
    assert not next(course_digits.numbers(lambda words: None, most=1)).ok
