"""Merging stores gives what one store would hold that had run it all; what does not fit is said, and kept as it was."""

import dataclasses
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optlab.errors import OptlabError
from optlab.study import extras, merging, seals
from optlab.study.store import Record, Store
from tests.study.support import tiny
from tests.study.test_store import ENVIRONMENT, record, version_1

ELSEWHERE = {"cpu": "another processor", "numpy": "2.1"}


def store_of(path: Path, records: list[Record], environment: dict[str, str] = ENVIRONMENT, study: str = "", **description: Any) -> Path:
    with Store(path) as store:
        for one in records:
            store.save([one], environment)
        if study:
            store.record_study(study, description, [one.trial for one in records])
    return path


def exact(path: Path) -> dict[str, tuple[Any, ...]]:
    with Store(path, create=False) as store, store.faults() as connection:
        assert seals.broken(connection) == {}
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        return store.exact()


def merged(into: Path, *sources: Path, studies: bool = True) -> merging.Merged:
    return merging.merge(into, sources, studies)


def test_halves_of_a_study_make_the_whole(tmp_path: Path) -> None:
    whole = tiny().run(tmp_path / "whole.db")
    for name in ("gd", "adam"):
        tiny(optimizer=name, name=name).run(tmp_path / f"{name}.db")
    found = merged(tmp_path / "new.db", tmp_path / "gd.db", tmp_path / "adam.db")
    assert (found.trials, found.known, found.conflicts, found.studies) == (20, 0, [], ["gd", "adam"])
    assert exact(tmp_path / "new.db") == exact(tmp_path / "whole.db")
    with Store(tmp_path / "new.db", create=False) as store, Store(tmp_path / "gd.db", create=False) as part:
        assert store.study("gd") == part.study("gd") and store.frame("gd").equals(part.frame("gd"))
        assert store.curves("gd").equals(part.curves("gd")) and store.environments("gd") == part.environments("gd")
    again = tiny().run(tmp_path / "new.db", progress=lambda one: found.studies.append(str(one.total - one.found)))
    assert set(found.studies[2:]) == {"0"}  # the whole study finds all of its trials
    assert again.best().equals(whole.best())


def test_merging_again_changes_nothing(tmp_path: Path) -> None:
    a = store_of(tmp_path / "a.db", [record(k) for k in range(4)], study="a study")
    b = store_of(tmp_path / "b.db", [record(k) for k in range(2, 7)], ELSEWHERE, study="a study")
    first, second = merged(a, b), merged(a, b)
    assert (first.trials, first.known, second.trials, second.known) == (3, 2, 0, 5)
    assert len(exact(a)) == 7 and first.conflicts == second.conflicts == []
    with Store(a, create=False) as store:
        assert list(store.frame("a study")["replicate"]) == [0, 1, 2, 3, 4, 5, 6]
        assert store.environments("a study") == [ENVIRONMENT, ELSEWHERE]


def test_other_numbers_are_reported_with_both_environments_and_kept(tmp_path: Path) -> None:
    curves = record(1).curves.copy()
    curves[5, 4] = np.nextafter(curves[5, 4], 9)  # one bit, in the middle of a curve
    finals = record(2).curves.copy()
    finals[-1, 9] *= 2
    others = [dataclasses.replace(record(1), curves=curves), dataclasses.replace(record(2), curves=finals), record(3)]
    a = store_of(tmp_path / "a.db", [record(k) for k in range(3)])
    b = store_of(tmp_path / "b.db", others, ELSEWHERE)
    before = exact(a)
    found = merged(a, b)
    assert {digest: exact(a)[digest] for digest in before} == before and len(exact(a)) == 4
    one, two = found.conflicts
    assert (one.digest, set(one.values)) == (record(1).trial.digest, {"curves (digest)"})
    assert set(two.values) == {"curves (digest)", "test_metric"} and two.values["test_metric"][1] == 2 * two.values["test_metric"][0]
    assert one.environments == (ENVIRONMENT, ELSEWHERE) and one.source == str(b)


def test_what_an_older_version_did_not_store_is_filled_and_no_conflict(tmp_path: Path) -> None:
    rich = dataclasses.replace(record(0), roc_auc=0.75, confusion="[[1,0],[0,1]]", diagnosis='{"sharpness":2.0}')
    a, b = store_of(tmp_path / "a.db", [record(0)]), store_of(tmp_path / "b.db", [rich])
    found = merged(a, b)
    assert (found.trials, found.filled, found.diagnoses, found.conflicts) == (0, 1, 1, [])
    with Store(a, create=False) as store:
        row = store.frame([rich.trial.digest]).iloc[0]
    assert (row["roc_auc"], row["confusion"], row["sharpness"]) == (0.75, "[[1,0],[0,1]]", 2.0)
    assert merged(b, a).filled == 0 and exact(a) == exact(b)
    worse = dataclasses.replace(rich, roc_auc=0.5, diagnosis=extras.NOTHING)
    (conflict,) = merged(a, store_of(tmp_path / "c.db", [worse])).conflicts
    assert dict(conflict.values) == {"roc_auc": (0.75, 0.5)}


def test_an_error_gives_way_to_an_outcome_and_never_the_other_way(tmp_path: Path) -> None:
    failed = [record(k, "error", rows=0) for k in (0, 1)]
    a, b = (
        store_of(tmp_path / "a.db", [failed[0], record(1)]),
        store_of(tmp_path / "b.db", [record(0), failed[1], record(2, "error", rows=0)]),
    )
    found = merged(a, b)
    assert (found.trials, found.conflicts) == (2, [])
    with Store(a, create=False) as store:
        assert list(store.frame([record(k).trial.digest for k in range(3)])["status"]) == ["done", "done", "error"]
    exact(a)


def test_runs_that_the_clock_ended_may_differ(tmp_path: Path) -> None:
    settings = dataclasses.replace(record(0).trial.settings, time_limit=1.0)
    trial = dataclasses.replace(record(0).trial, cell=dataclasses.replace(record(0).trial.cell, settings=settings))
    a = store_of(tmp_path / "a.db", [dataclasses.replace(record(0), trial=trial)])
    b = store_of(tmp_path / "b.db", [dataclasses.replace(record(0, rows=20), trial=trial, steps=300)])
    found = merged(a, b)
    assert (found.timed, found.conflicts) == (1, [])


def test_studies_of_one_name_that_differ_are_refused_and_nothing_is_merged(tmp_path: Path) -> None:
    a = store_of(tmp_path / "a.db", [record(0)], study="a study", settings={"epochs": 30})
    b = store_of(tmp_path / "b.db", [record(1)], study="a study", settings={"epochs": 30})
    c = store_of(tmp_path / "c.db", [record(2)], study="a study", settings={"epochs": 60})
    with pytest.raises(OptlabError, match=r"a study in .*c\.db is not the one in .*a\.db \(their settings differ\).* --trials-only"):
        merged(a, b, c)
    assert len(exact(a)) == 1
    with pytest.raises(OptlabError, match=r"the study a study in .*c\.db is not the one in .*b\.db"):
        merged(tmp_path / "new.db", b, c)
    assert not (tmp_path / "new.db").exists()
    assert merged(a, b, c, studies=False).trials == 2 and len(exact(a)) == 3


def test_the_record_of_the_complete_study_wins(tmp_path: Path) -> None:
    a = store_of(tmp_path / "a.db", [record(0)], study="a study", settings={}, complete=False)
    b = store_of(tmp_path / "b.db", [record(0), record(1)], study="a study", settings={}, complete=True, wall_seconds=3.0)
    merged(a, b)
    with Store(a, create=False) as store:
        assert store.study("a study")["complete"] and len(store.frame("a study")) == 2
    merged(b, store_of(tmp_path / "c.db", [record(2)], study="a study", settings={}, complete=True, wall_seconds=9.0))
    with Store(b, create=False) as store:
        assert store.study("a study")["wall_seconds"] == 3.0 and len(store.frame("a study")) == 3


def test_a_store_of_version_1_can_be_merged(tmp_path: Path) -> None:
    found = merged(tmp_path / "new.db", version_1(tmp_path / "old.db"))
    assert (found.trials, found.studies) == (6, ["of version 1"])
    assert exact(tmp_path / "new.db") == exact(tmp_path / "old.db")


def test_itself_and_damaged_ones_are_refused(tmp_path: Path) -> None:
    a, b = store_of(tmp_path / "a.db", [record(0)]), store_of(tmp_path / "b.db", [record(1)])
    with pytest.raises(OptlabError, match="into itself"):
        merged(a, a)
    connection = sqlite3.connect(b)
    connection.execute("UPDATE trial SET test_cost = 1")
    connection.commit()
    connection.close()
    with pytest.raises(OptlabError, match="is damaged"):
        merged(a, b)
    assert len(exact(a)) == 1
