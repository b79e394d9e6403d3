"""Baselines are what scikit-learn gives when it is called directly, computed once, and never in the way."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import dummy, linear_model, metrics, neural_network

from optlab.data import Dataset, Part
from optlab.study import baselines
from tests.study.support import tiny

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def dataset(problem: str) -> Dataset:
    return tiny(problem=problem).datasets.get(problem, 0)


@pytest.mark.parametrize("problem", ["iris", "breast_cancer"])
def test_classifiers_are_scikit_learns(problem: str) -> None:
    data = dataset(problem)
    labels, true = (part.Y.argmax(axis=1) if part.Y.shape[1] > 1 else part.Y[:, 0] for part in (data.train, data.test))
    models = dummy.DummyClassifier(), linear_model.LogisticRegression(), neural_network.MLPClassifier(random_state=0)
    found = baselines.baselines(data)
    assert [one["name"] for one in found] == ["constant", "logistic regression", "scikit-learn MLP"]
    for one, model in zip(found, models, strict=True):
        model.fit(data.train.X, labels)
        assert one["metric"] == model.score(data.test.X, true)
        assert one["cost"] == pytest.approx(metrics.log_loss(true, model.predict_proba(data.test.X)), rel=1e-12)
        assert (one["on"], one["rows"]) == ("test", len(data.train)) and one["seconds"] >= 0


@pytest.mark.parametrize("outputs", [1, 2])
def test_regressors_are_scikit_learns(outputs: int) -> None:
    data = dataset("diabetes")
    extra = np.random.default_rng(0).normal(size=(2000, outputs - 1))
    parts = [Part(one.X, np.hstack([one.Y, extra[: len(one)] + one.X[:, : outputs - 1]])) for one in (data.train, data.test)]
    data = Dataset("made up", "regression", parts[0], None, parts[1], None, None, None, "")
    models = dummy.DummyRegressor(), linear_model.LinearRegression(), linear_model.Ridge(), neural_network.MLPRegressor(random_state=0)
    found = baselines.baselines(data)
    assert [one["name"] for one in found] == ["constant", "linear regression", "ridge regression", "scikit-learn MLP"]
    for one, model in zip(found, models, strict=True):
        model.fit(data.train.X, data.train.Y if outputs > 1 else data.train.Y[:, 0])
        predicted = model.predict(data.test.X).reshape(-1, outputs)
        assert one["metric"] == pytest.approx(metrics.r2_score(data.test.Y, predicted, multioutput="variance_weighted"), rel=1e-12)
        assert one["cost"] == pytest.approx(metrics.mean_squared_error(data.test.Y, predicted), rel=1e-12)


def test_a_model_that_cannot_be_fitted_says_why() -> None:
    X, Y = np.random.default_rng(0).normal(size=(20, 2)), np.zeros((20, 1))
    constant, logistic, _ = baselines.baselines(Dataset("one class", "classification", Part(X, Y), None, None, (0, 1), None, None, ""))
    assert (constant["metric"], constant["on"]) == (1.0, "train")
    assert logistic["metric"] is None and logistic["note"].startswith("could not be fitted: ") and "\n" not in logistic["note"]


def test_large_data_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "MOST_NUMBERS", 200)
    monkeypatch.setattr(baselines, "WHOLE", 4)
    data = dataset("iris")
    constant, _, network = baselines.baselines(data)
    assert constant["rows"] == 50 and constant["note"] == "fitted on the first 50 of 90 training rows"
    assert network["note"].endswith("stopped at its limit of 4 iterations")


def test_a_study_remembers_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Dataset] = []
    real = baselines.baselines

    def counted(data: Dataset) -> list[dict[str, Any]]:
        calls.append(data)
        return real(data)

    monkeypatch.setattr(baselines, "baselines", counted)
    study = tiny(baselines=True, optimizer="gd", lr=[0.1], l2=[0.0], confirm=0)
    record = study.run(tmp_path / "lab.db").record
    assert len(calls) == 1 and record["baselines"]["iris"][0]["name"] == "constant"
    assert study.run(tmp_path / "lab.db").record["baselines"] == record["baselines"] and len(calls) == 1
    other = tiny(baselines=True, optimizer="gd", lr=[0.1], l2=[0.0], confirm=0, seed=1)  # another split
    assert other.run(tmp_path / "lab.db").record["baselines"] != record["baselines"] and len(calls) == 2


def test_they_can_be_left_out(tmp_path: Path) -> None:
    record = tiny(baselines=False, optimizer="gd", lr=[0.1], l2=[0.0], confirm=0).run(tmp_path / "lab.db").record
    assert "baselines" not in record
