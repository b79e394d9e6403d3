"""The study key `published`: read when the study is loaded, faults in one sentence, kept in the store so that a report needs no folder."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from optlab.errors import OptlabError
from optlab.study.results import Results
from optlab.study.spec import Study
from tests.study.support import TINY, tiny
from tests.test_published import newer, record


def folder(path: Path, *records: dict[str, Any]) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for place, one in enumerate(records or (newer(0.1, 42, 0.9), newer(0.2, 42, 0.8), newer(0.1, 43, 0.85))):
        (path / f"{place}.json").write_text(json.dumps(one))
    return path


def key(path: Path, **problems: str) -> dict[str, Any]:
    return {"folder": str(path), "problems": problems} if problems else {"folder": str(path)}


def test_a_report_needs_the_store_alone(tmp_path: Path) -> None:
    given = key(folder(tmp_path / "theirs"), mnist_mlp="iris")
    results = tiny(published=given, name="mine").run(tmp_path / "lab.db")
    shutil.rmtree(tmp_path / "theirs")
    again = Results(tmp_path / "lab.db", "mine")
    table = again.evidence().beside["iris"].table.set_index("contender")
    assert set(table.index) == {"gd", "adam", "SGD (DeepOBS)"}
    assert table.loc["SGD (DeepOBS)", "median"] == pytest.approx(0.65) and table.loc["SGD (DeepOBS)", "problem_there"] == "mnist_mlp"
    assert not {"SGD (DeepOBS)"} & {*results.frame()["contender"], *again.evidence().ranked["contender"], *again.evidence().contenders}
    page = again.report(tmp_path / "report")
    text = page.read_text()
    assert "Beside published runs" in text and "in no claim, no test and no set of the best" in text
    names = {file.stem for file in (tmp_path / "report").rglob("*") if "beside" in file.stem}
    assert names == {"beside", "beside_learning", "beside_sensitivity", "beside-learning", "beside-sensitivity"}
    assert again.figure("beside-learning") is not None
    assert "SGD (DeepOBS)" in dict(again.record["protocol"])["published"] and "SGD (DeepOBS)" in again.record["methods"]


def test_they_change_no_trial(tmp_path: Path) -> None:
    given = key(folder(tmp_path / "theirs"), mnist_mlp="iris")
    assert [one.digest for one in tiny(published=given).trials()] == [one.digest for one in tiny().trials()]


def test_a_path_is_relative_to_the_study_file_and_names_need_no_mapping_where_they_agree(tmp_path: Path) -> None:
    folder(tmp_path / "studies" / "theirs", newer(0.1, 42, 0.9) | {"testproblem": "iris"}, record(0.1, 42, 1.0))
    keys = {name: value for name, value in TINY.items() if name in ("epochs", "confirm")}
    text = (
        "".join(f"{name} = {value}\n" for name, value in keys.items())
        + 'problem = "iris"\noptimizer = "gd"\n[published]\nfolder = "theirs"\n'
    )
    (tmp_path / "studies" / "mine.toml").write_text(text)
    study = Study.from_file(tmp_path / "studies" / "mine.toml")
    assert study.published is not None and study.published.problems == {"iris": "iris"}
    assert dict(study.protocol().pairs())["published"] == (
        "SGD (DeepOBS): 1 run of iris, from theirs; in no claim and no test; not shown: quadratic_deep"
    )
    (tmp_path / "again.toml").write_text(study.toml().replace('"theirs"', '"studies/theirs"'))
    again = Study.from_file(tmp_path / "again.toml")
    assert again.published is not None and again.published.records == study.published.records


FAULTS: list[tuple[Any, str]] = [
    ("theirs", "published: 'theirs' names no folder; write"),
    ({}, "published: {} names no folder"),
    ({"folder": ""}, "published: folder = '' is not allowed"),
    ({"folder": 3}, "published: folder = 3 is not allowed"),
    ({"folder": "absent"}, "published: .*absent holds no .json file"),
    ({"folder": "theirs", "problem": {}}, r"published: it stands below \[published\].*move 'problem' above"),
    ({"folder": "theirs", "epochs": 3}, r"published: it stands below \[published\].*move 'epochs' above"),
    ({"folder": "theirs", "problms": {}}, "published: there is no key 'problms' .did you mean 'problems'"),
    ({"folder": "theirs", "problems": "iris"}, "published: problems = 'iris' is not allowed; write { THEIRS"),
    ({"folder": "theirs", "problems": {"mnist_mlp": 3}}, "published: problems = .* is not allowed"),
    ({"folder": "theirs"}, r"published: none of the test problems in .* \(mnist_mlp\) is a problem of the study \(iris\); if one is"),
    ({"folder": "theirs", "problems": {"mnist_mlp": "irs"}}, "published.problems: mnist_mlp = 'irs': the study has no such problem.*iris"),
    ({"folder": "theirs", "problems": {"mnist": "iris"}}, "published.problems: 'mnist': .* holds no run of such a test problem.*mnist_mlp"),
    ({"folder": "other"}, "published: .*note.json is no DeepOBS run record: it has no testproblem"),
    ({"folder": "two", "problems": {"a": "iris", "b": "iris"}}, "published.problems: a and b are both called 'iris'; keep one"),
]


@pytest.mark.parametrize(("given", "words"), FAULTS)
def test_faults_are_one_sentence(given: Any, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder(tmp_path / "theirs")
    folder(tmp_path / "two", *(newer(0.1, 42, 0.9) | {"testproblem": name} for name in "ab"))
    (folder(tmp_path / "other") / "note.json").write_text("{}")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OptlabError, match=f"^Study: {words}") as raised:
        tiny(published=given)
    assert "\n" not in str(raised.value) and sorted(tmp_path.rglob("*")) == before


def test_a_contender_of_the_same_name_is_refused(tmp_path: Path) -> None:
    import optlab

    given = key(folder(tmp_path / "theirs"), mnist_mlp="iris")
    with pytest.raises(OptlabError, match="a contender of the study is called 'SGD .DeepOBS.'"):
        tiny(published=given, optimizer=[optlab.variant("gd", name="SGD (DeepOBS)")])
