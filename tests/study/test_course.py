"""The built-in studies of the course: each one runs, and where gradient descent must agree with a closed form or scikit-learn, it does."""

import urllib.error
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sklearn.datasets
from sklearn.linear_model import Lasso, LinearRegression, Ridge
from sklearn.metrics import r2_score

import optlab
from optlab.errors import OptlabError
from optlab.study.axes import listed
from optlab.study.spec import Study, builtin

COURSE = ("regression-gd", "runge-ffnn", "activations", "eta-lambda", "breast-cancer", "digits", "mnist", "franke")
REDUCED = ("epochs=2", "seeds=1", "confirm=0", "evaluate_every=1", "baselines=false")
IMAGES = 300


def fake_openml(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Images of nine dark rows and a bright one, whose place is the class; returns the calls made."""
    calls = []

    def fetch(name: str, **options: Any) -> Any:
        calls.append((name, options))
        classes = np.arange(IMAGES) % 10
        images = np.zeros((IMAGES, 28, 28))
        images[np.arange(IMAGES), 2 * classes + 3] = 255
        return SimpleNamespace(data=images.reshape(IMAGES, 784), target=classes.astype(str).astype(object))

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
    return calls


# -- each study -----------------------------------------------------------------------------------------------------------------


def test_all_studies_of_the_course_are_built_in_and_say_what_to_look_for() -> None:
    assert set(COURSE) < set(builtin())
    for name in COURSE:
        assert "Look for" in Study.load(name).spec.about


def few(study: Study) -> tuple[str, ...]:
    """Overrides that leave two learning rates, and two values of each other axis."""
    grid = listed(study.contenders[0].hyper["lr"])
    return (*REDUCED, f"lr={[grid[1], grid[-2]]}")


@pytest.mark.parametrize("name", COURSE)
def test_a_reduced_form_of_each_study_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_openml(monkeypatch)
    study = Study.load(name, few(Study.load(name)))
    results = study.run(tmp_path / "lab.db")
    frame = results.frame()
    cells = sum(1 for _ in study.cells())
    assert results.complete and len(frame) == cells > 2
    assert set(frame["contender"]) == {one.label for one in study.contenders}
    assert set(frame["problem"]) == set(study.problems)
    assert frame["status"].isin(["done", "stuck", "diverged"]).all()
    for label in {one.label for one in study.contenders}:  # none is broken by construction: some cell trains without diverging
        own = frame[frame["contender"].eq(label) & ~frame["status"].eq("diverged")]
        assert np.isfinite(own["validation_metric"]).any(), label


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in COURSE if name != "mnist"])
def test_a_whole_study_runs_and_writes_its_page(name: str, tmp_path: Path) -> None:
    results = Study.load(name).run(tmp_path / "lab.db")
    page = results.report(tmp_path / name)
    text = page.read_text()
    assert all(label in text for label in set(results.frame()["contender"]))
    assert "Look for" in text


def test_variants_are_the_networks_that_they_are_called_after() -> None:
    def sizes(name: str, contender: str) -> set[int]:
        contenders = {one.label: one for one in Study.load(name).contenders}
        return {len(layers) for layers in contenders[contender].networks}

    assert sizes("breast-cancer", "logistic") == sizes("eta-lambda", "ridge") == sizes("eta-lambda", "lasso") == {0}
    assert sizes("regression-gd", "gd") == sizes("mnist", "softmax-regression") == {0}
    assert sizes("breast-cancer", "adam") == {1} and sizes("runge-ffnn", "sgd-adam") == {1, 2}
    digits = next(Study.load("digits").cells())
    assert (digits.sizes, digits.settings.batch_size, digits.settings.epochs) == ((64, 50, 10), 100, 100)
    assert digits.settings.cost == "softmax_cross_entropy"
    rates = listed(Study.load("digits").contenders[0].hyper["lr"])
    assert np.allclose(rates, np.logspace(-5, 1, 7), rtol=1e-11)


# -- regression-gd against closed forms --------------------------------------------------------------------------------------------

EXACT = (
    "problem.degree=4",
    "epochs=8000",
    "batch_size=full",
    "lr=0.4",
    "l1_mode=proximal",
    "seeds=1",
    "confirm=0",
    "evaluate_every=0",
    "baselines=false",
)
"""Four powers, so that the condition number (51 of the squared error's Hessian) lets plain gd get there."""

MU = 0.9
"""Steps of momentum are 1 / (1 - MU) times as long as the soft threshold lr * l1 that follows them: it finds the Lasso of (1 - MU) l1."""


def fitted(l1: float, l2: float, train: Any) -> Any:
    """The minimum of mean (y - Xw - b)^2 + l1 |w| + l2 |w|^2 / 2 by scikit-learn, whose objectives carry other factors."""
    n = len(train)
    if l1:
        return Lasso(alpha=l1 / 2, tol=1e-14, max_iter=1_000_000).fit(train.X, train.Y[:, 0])
    return (Ridge(alpha=n * l2 / 2, solver="cholesky") if l2 else LinearRegression()).fit(train.X, train.Y[:, 0])


@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.0, 1e-2), (1e-2, 0.0)], ids=["OLS", "Ridge", "Lasso"])
@pytest.mark.parametrize("rule", ["gd", "momentum"])
def test_full_batch_descent_reaches_what_scikit_learn_finds(rule: str, l1: float, l2: float, tmp_path: Path) -> None:
    lr = ("lr=0.1",) if rule == "momentum" else ()
    study = Study.load("regression-gd", [*EXACT, *lr, f"optimizer={rule}", f"l1={l1}", f"l2={l2}"])
    (problem,) = study.problems
    data = study.datasets.get(problem, 0)
    model = fitted(l1, l2, data.train)
    (row,) = study.run(tmp_path / "lab.db").frame().to_dict("records")
    assert data.validation is not None and data.test is not None
    if rule == "momentum" and l1:
        assert abs(row["test_metric"] - r2_score(data.test.Y[:, 0], model.predict(data.test.X))) > 1e-3
        model = fitted(l1 * (1 - MU), l2, data.train)
    for part, rows in (("validation", data.validation), ("test", data.test)):
        assert row[f"{part}_metric"] == pytest.approx(r2_score(rows.Y[:, 0], model.predict(rows.X)), rel=1e-9)
    residual = data.test.Y[:, 0] - model.predict(data.test.X)
    assert row["test_cost"] == pytest.approx((residual**2).mean(), rel=1e-9)  # the penalty is not in it


@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.0, 1e-2), (1e-2, 0.0)], ids=["OLS", "Ridge", "Lasso"])
def test_the_coefficients_are_those_of_scikit_learn_exact_zeros_included(l1: float, l2: float) -> None:
    study = Study.load("regression-gd", EXACT)
    train = study.datasets.get(next(iter(study.problems)), 0).train
    outcome = optlab.train(
        (train.X, train.Y[:, 0]), (), optimizer="gd", hyper={"lr": 0.4}, cost="squared_error", epochs=8000, batch_size="full",
        l1=l1, l2=l2, l1_mode="proximal", evaluate_every=0, quiet=True,
    )  # fmt: skip
    model = fitted(l1, l2, train)
    assert outcome.parameters[:-1] == pytest.approx(model.coef_, abs=1e-9)
    assert outcome.parameters[-1] == pytest.approx(model.intercept_, abs=1e-9)
    assert np.array_equal(outcome.parameters[:-1] == 0, model.coef_ == 0)
    assert bool((model.coef_ == 0).any()) == bool(l1)


# -- mnist ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("problem", "name"), [("mnist", "mnist_784"), ("fashion_mnist", "Fashion-MNIST")])
def test_images_come_from_openml_and_reach_the_network_divided_by_255(problem: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = fake_openml(monkeypatch)
    study = Study.load("mnist", [f"problem={problem}"])
    data = study.datasets.get(problem, 0)
    assert [call for call, _ in calls] == [name]
    assert calls[0][1]["as_frame"] is False and calls[0][1]["version"] == 1
    assert data.test is not None and data.validation is not None
    assert (len(data.train), len(data.validation), len(data.test)) == (IMAGES * 7 // 10, IMAGES // 10, IMAGES // 5)
    assert data.classes == tuple(range(10))
    assert (data.train.X.min(), data.train.X.max()) == (0.0, 1.0)
    for part in (data.train, data.validation, data.test):  # image and label stayed together: the bright row is the class
        bright = part.X.reshape(-1, 28, 28).sum(axis=2).argmax(axis=1)
        assert np.array_equal((bright - 3) // 2, part.Y.argmax(axis=1))


def test_fewer_samples_are_drawn_with_their_labels_and_are_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_openml(monkeypatch)
    problem = optlab.catalogue().problem("mnist")
    one, other = (problem.load(np.random.default_rng(seed), {"samples": 50}) for seed in (1, 2))
    assert one[0].shape == (50, 784)
    assert np.array_equal(one[0], other[0]) and np.array_equal(one[1], other[1])
    assert np.array_equal((one[0].reshape(-1, 28, 28).sum(axis=2).argmax(axis=1) - 3) // 2, one[1])
    assert len(set(one[1])) == 10  # drawn, not the first of a sorted file
    with pytest.raises(OptlabError, match="samples=70001.*at most 70000"):
        problem.load(np.random.default_rng(0), {"samples": 70_001})


@pytest.mark.parametrize(
    "fault",
    [urllib.error.URLError("Name or service not known"), TimeoutError("timed out"), ValueError("md5 checksum is wrong"), EOFError()],
    ids=["no network", "no answer", "damaged", "cut off"],
)
@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_without_network_mnist_says_what_to_do(
    fault: Exception, more: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optlab: Any
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise fault

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fail)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "cache"))
    code, out, err = optlab("run", "mnist", *more)
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1 and "Traceback" not in err
    cause = str(getattr(fault, "reason", "") or fault) or "EOFError"
    for word in ("mnist", str(tmp_path / "cache"), "OpenML", cause, "with a network"):
        assert word in err
    assert {path.name for path in tmp_path.iterdir()} <= {"cache"}


def test_lists_need_no_network(monkeypatch: pytest.MonkeyPatch, optlab: Any) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise AssertionError("a list must not download")

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fail)
    assert "fashion_mnist" in optlab("problems")[1]
    assert "eta-lambda" in optlab("studies")[1]
