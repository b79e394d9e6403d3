"""Inputs by kind, each with the property that is asked of it: what `tests/fuzz` and `benchmarks.reliability` share.

A kind is made in a folder of its own and gives a strategy and a check.
"""

import io
import itertools
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import reject
from hypothesis import strategies as st

from optlab import catalogue, published
from optlab.formula import worked
from optlab.formula.parse import FUNCTIONS
from optlab.study import replay, schema, toml
from optlab.study.overrides import apply_overrides
from optlab.study.results import Results
from optlab.study.spec import Study, builtin
from optlab.study.store import Store
from optlab.table import csv_problem, npz_problem, parquet_problem
from tests.fuzz.support import harmless, mutated, nested, strange
from tests.study.support import tiny

Kind = tuple[st.SearchStrategy[Any], Callable[[Any], str]]
"""Inputs, and what holds one against the property and returns the sentence with which it was refused, or nothing."""

STUDIES = {name: tomllib.loads(path.read_text()) for name, path in builtin().items() if name != "mnist"}  # its data must be downloaded
KEYS = [key for key in schema.STUDY_KEYS if key != "plugin"]  # a plugin file is code, and meant to run


def _use(study: Study) -> None:
    """Look at a study as far as costs little, whatever its size."""
    for trial in itertools.islice(study.trials(), 3):
        assert trial.digest
    assert toml.write(study.given)


def study_texts(folder: Path) -> Kind:
    """Study files as text: built-in ones, damaged."""
    file = folder / "study.toml"

    def check(text: bytes) -> str:
        file.write_bytes(text)
        return harmless(lambda: _use(Study.from_file(file)), folder)

    contents = [toml.write(study).encode() for study in STUDIES.values()]
    return st.one_of([mutated(one) for one in contents] + [st.binary(max_size=200), st.text(max_size=200).map(str.encode)]), check


def studies(folder: Path) -> Kind:
    """Study files that are TOML, with keys that hold what they should not."""
    file = folder / "study.toml"

    def check(case: tuple[str, list[tuple[str, Any]]]) -> str:
        name, changes = case
        keys = dict(STUDIES[name]) | dict(changes)
        try:
            text = toml.write({key: value for key, value in keys.items() if value is not None})
            tomllib.loads(text)
        except (ValueError, tomllib.TOMLDecodeError):  # what TOML cannot say, no file holds
            reject()
        file.write_text(text, encoding="utf-8")
        return harmless(lambda: _use(Study.from_file(file)), folder)

    axis = st.lists(strange, max_size=3)
    grid = st.fixed_dictionaries({"log": axis}, optional={"points": strange, "step": strange})
    change = st.tuples(st.one_of(st.sampled_from(KEYS), st.sampled_from(KEYS), st.text(max_size=12)), st.one_of(nested, axis, grid))
    return st.tuples(st.sampled_from(sorted(STUDIES)), st.lists(change, min_size=1, max_size=3)), check


def python_studies(folder: Path) -> Kind:
    """The same keywords given to `Study` in Python."""

    def check(case: tuple[str, list[tuple[str, Any]]]) -> str:
        keys = dict(STUDIES[case[0]]) | {key: value for key, value in case[1] if key.isidentifier()}
        return harmless(lambda: _use(Study(**keys)), folder)

    change = st.tuples(st.sampled_from(KEYS), nested)
    return st.tuples(st.sampled_from(sorted(STUDIES)), st.lists(change, min_size=1, max_size=3)), check


def overrides(folder: Path) -> Kind:
    """Texts after ``--set``."""

    def check(texts: list[str]) -> str:
        def read() -> None:
            schema.read(apply_overrides(STUDIES["quickstart"], texts, schema.defaults()), "study")

        return harmless(read, folder)

    value = st.one_of(
        strange.map(str), st.text(max_size=20), st.sampled_from(["[1, 2", "{a=1}", "1,2,,3", "x = 1\ny = 2", "'''", "[[", "1e999"])
    )
    key = st.one_of(
        st.sampled_from(KEYS), st.sampled_from(["hyper.adam.lr", "hyper", "variant.x.of", "lr.log", "..", " "]), st.text(max_size=8)
    )
    text = st.one_of(st.text(max_size=30), st.tuples(key, st.sampled_from(["=", "+=", "==", " = "]), value).map("".join))
    return st.lists(text, min_size=1, max_size=3), check


def names(folder: Path) -> Kind:
    """Names of plugins, alone and put together."""
    from optlab.registry import KINDS

    known = [name for kind in KINDS for name in catalogue()[kind]]

    def check(case: tuple[str, str]) -> str:
        kind, name = case
        if kind in ("optimizers", "schedules"):
            harmless(lambda: _use(tiny(**{kind[:-1]: name})), folder)
        return harmless(lambda: catalogue().find(kind, name), folder)

    piece = st.one_of(
        st.sampled_from(known), st.text(max_size=6), strange.map(str), st.sampled_from(["+", " then ", " * ", "(", "lr:", "10"])
    )
    return st.tuples(st.sampled_from(KINDS), st.lists(piece, min_size=1, max_size=5).map("".join)), check


def expressions(folder: Path) -> Kind:
    """What `optlab autodiff` is given."""

    def check(text: str) -> str:
        def differentiate() -> None:
            formula = worked.autodiff(text)
            point = dict.fromkeys(formula.variables, 0.75)
            value = formula.value(**point)
            assert isinstance(value, float)
            slopes = formula.gradient(**point), formula.forward(**point), formula.reverse(**point)
            assert all(one.keys() == point.keys() for one in slopes)

        return harmless(differentiate, folder)

    pieces = [*FUNCTIONS, *"+-*/%<>&|~(),.^=!", "**", "//", "<=", "==", "x", "y", "pi", "e", "1", "2.5", "1e308", "1e-320", " ", "_",
              "lambda", "__import__", "x.y", "[0]", "'a'", "if", "²", "√"]  # fmt: skip
    soup = st.lists(st.sampled_from(pieces), max_size=14).map("".join)
    leaf = st.sampled_from(["x", "y", "2", "0.5", "1e308", "-3", "pi", "0"])
    sound = st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**", "%", "//"]), inner).map(lambda parts: f"({''.join(parts)})"),
            st.tuples(st.sampled_from(["exp", "log", "sqrt", "tanh", "sin", "abs", "relu", "erf"]), inner).map(
                lambda parts: f"{parts[0]}({parts[1]})"
            ),
            st.tuples(inner, inner, inner).map(lambda parts: f"where({parts[0]} < 1, {parts[1]}, {parts[2]})"),
        ),
        max_leaves=12,
    )
    return st.one_of(soup, sound, st.text(max_size=40)), check


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 3)).round(3), columns=["a", "b", "c"])
    return frame.assign(y=np.arange(60) % 3)  # enough of each class that one changed row is no fault


def _table_check(folder: Path, name: str, read: Callable[[Path], Any]) -> Callable[[bytes], str]:
    file = folder / name

    def check(contents: bytes) -> str:
        from optlab.data import problem_dataset

        file.write_bytes(contents)

        def load() -> None:
            rng = np.random.default_rng(0)
            data = problem_dataset(read(file), {}, rng, rng)
            assert np.isfinite(data.train.X).all() and np.isfinite(data.train.Y).all()

        return harmless(load, folder)

    return check


def csv(folder: Path) -> Kind:
    """CSV files."""
    cell = st.one_of(
        strange.map(str), st.text(max_size=6), st.floats().map(repr), st.sampled_from(["", "nan", "inf", "1,2", '"', "=cmd()", "1e400"])
    )
    made = st.lists(st.lists(cell, min_size=1, max_size=4).map(",".join), max_size=10).map(
        lambda rows: "\n".join(["a,b,y", *rows]).encode()
    )
    inputs = st.one_of(mutated(_frame().to_csv(index=False).encode()), made, st.binary(max_size=100))
    return inputs, _table_check(folder, "table.csv", lambda file: csv_problem(file, "y"))


def parquet(folder: Path) -> Kind:
    """Parquet files."""
    buffer = io.BytesIO()
    _frame().to_parquet(buffer, index=False)
    return mutated(buffer.getvalue()), _table_check(folder, "table.parquet", lambda file: parquet_problem(file, "y"))


def archives(folder: Path) -> Kind:
    """NumPy archives, of objects and of pickles too."""
    plain, objects = io.BytesIO(), io.BytesIO()
    frame = _frame()
    np.savez(plain, X=frame[["a", "b"]].to_numpy(), y=frame["y"].to_numpy())
    np.savez(objects, X=np.array([[object()]], dtype=object), y=np.array([1]))
    inputs = st.one_of(mutated(plain.getvalue()), mutated(objects.getvalue()))
    return inputs, _table_check(folder, "table.npz", npz_problem)


def stores(folder: Path) -> Kind:
    """Store files with damage anywhere."""
    from optlab.study import stored
    from optlab.study.ingredients import of

    path = folder / "lab.db"
    if not path.exists():
        study = tiny(optimizer=["gd"], lr=0.1, l2=0.0)
        assert study.run(path).complete and of(study)
    contents = path.read_bytes()

    def check(damaged: bytes) -> str:
        for ending in ("-wal", "-shm", "-journal"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        path.write_bytes(damaged)

        def read() -> None:
            with Store(path, create=False) as store:
                for name in store.studies():
                    store.study(name)
                    store.frame(name)
                    store.curves(name)
                    store.environments(name)
                store.finished()
                store.exact()
            places = stored.index(path)
            for place, one in zip(places, stored.details(path, places).values(), strict=False):
                one.trial(place.contender)

        return harmless(read, folder)

    return mutated(contents), check


def deepobs(folder: Path) -> Kind:
    """Records of DeepOBS runs."""
    record = {
        "testproblem": "quadratic_deep", "batch_size": 128, "num_epochs": 2, "random_seed": 42, "train_losses": [3.0, 2.0, 1.0],
        "test_losses": [3.0, 2.0, 1.5], "train_accuracies": [0.1, 0.2, 0.3], "test_accuracies": [0.1, 0.2, 0.3], "learning_rate": 0.1,
        "minibatch_train_losses": [1.0, 2.0], "train_log_interval": 10, "optimizer": "MomentumOptimizer", "hyperparams": {"momentum": 0.9},
    }  # fmt: skip
    file = folder / "run.json"

    def check(contents: bytes) -> str:
        file.write_bytes(contents)
        return harmless(lambda: published.read(folder), folder)

    changed = st.tuples(st.sampled_from(sorted(record)), nested).map(lambda change: json.dumps(record | {change[0]: change[1]}).encode())
    dropped = st.sampled_from(sorted(record)).map(lambda key: json.dumps({k: v for k, v in record.items() if k != key}).encode())
    return st.one_of(changed, dropped, mutated(json.dumps(record).encode()), nested.map(lambda value: json.dumps(value).encode())), check


def records(folder: Path) -> Kind:
    """Records of studies, given to ``optlab run --replay``."""
    file = folder / replay.FILE
    if not file.exists():
        store = folder / "lab.db"
        study = tiny(optimizer=["gd"], lr=0.1, l2=0.0, confirm=0)
        study.run(store)
        replay.write(Results(store), folder)
        store.unlink()
    about = json.loads(file.read_bytes())

    def check(contents: bytes) -> str:
        file.write_bytes(contents)
        return harmless(lambda: _use(replay.load(file).study()), folder)

    def placed(case: tuple[tuple[str, ...], str | None, Any]) -> bytes:
        path, key, value = case
        copy = json.loads(json.dumps(about))
        table = copy
        for name in path:
            table = table[name]
        chosen = key or sorted(table)[hash(path) % len(table)]
        table[chosen] = value
        return json.dumps(copy).encode()

    tables = [(), ("record",), ("record", "settings"), ("record", "ingredients")]
    every = [(path, key) for path in tables for key in _at(about, path)]
    changed = st.tuples(st.sampled_from(every), nested).map(lambda case: placed((*case[0], case[1])))
    return st.one_of(changed, mutated(json.dumps(about).encode()), nested.map(lambda value: json.dumps(value).encode())), check


def _at(table: Any, path: tuple[str, ...]) -> list[str]:
    for name in path:
        table = table[name]
    return sorted(table)


KINDS: dict[str, Callable[[Path], Kind]] = {
    "study files as text": study_texts,
    "study files, structured": studies,
    "studies in Python": python_studies,
    "--set": overrides,
    "names of plugins": names,
    "expressions": expressions,
    "CSV files": csv,
    "Parquet files": parquet,
    "NumPy archives": archives,
    "stores": stores,
    "DeepOBS records": deepobs,
    "records of studies": records,
}
