"""Files of one's own: CSV and Parquet tables, NumPy archives; what is read, what is refused and how it is said."""

import numpy as np
import pandas as pd
import pytest

from optlab.errors import OptlabError
from optlab.table import csv_problem, npz_problem, parquet_problem

GOOD = np.arange(6.0).reshape(3, 2)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


# -- CSV ---------------------------------------------------------------------------------------------------------------


def write(folder, text, name="data.csv"):
    (folder / name).write_text(text)
    return folder / name


def test_csv_problem_reads_columns_by_name(tmp_path, rng):
    problem = csv_problem(write(tmp_path, "a,price,b\n1,10.5,2\n3,20.5,4\n"), "price")
    X, y = problem.load(rng)
    assert X.tolist() == [[1, 2], [3, 4]]
    assert y.tolist() == [10.5, 20.5]
    assert (problem.task, problem.scale, problem.name) == ("regression", "standard", "data")


def test_csv_digest_follows_the_numbers_not_the_file(tmp_path):
    one = csv_problem(write(tmp_path, "a,y\n1,2.5\n3,4.5\n"), "y")
    same = csv_problem(write(tmp_path, "a, y\n1.0, 2.50\n3, 4.5\n", "renamed.csv"), "y")
    other = csv_problem(write(tmp_path, "a,y\n1,2.5\n3,4.6\n", "other.csv"), "y")
    assert one.digest() == same.digest() != other.digest()


@pytest.mark.parametrize(
    ("text", "target", "words"),
    [
        ("a,price\n1,2.5\n", "prise", "no column 'prise'.*did you mean 'price'"),
        ("a,price\n1,2.5\n,3.5\n", "price", "nan at row 1 .*column 'a'"),
        ("a,price\n1,2.5\n2,\n", "price", "column 'price'.*nan at row 1"),
        ("a,price\nred,2.5\n", "price", "'red' at row 0 .*column 'a'"),
        ("price\n2.5\n", "price", "no column beside the target"),
        ("", "price", "cannot be read"),
        ("a,price\n1,2,3\n1,2,3,4\n", "price", "cannot be read"),
    ],
)
def test_bad_tables_name_file_and_place(tmp_path, text, target, words):
    with pytest.raises(OptlabError, match=words) as caught:
        csv_problem(write(tmp_path, text), target)
    assert "data.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(OptlabError, match=r"nowhere\.csv cannot be read \(No such file"):
        csv_problem(tmp_path / "nowhere.csv", "y")


# -- Parquet and NumPy archives ------------------------------------------------------------------------------------------------


def test_a_parquet_table_is_the_csv_table(tmp_path, rng):
    frame = pd.DataFrame({"a": [1, 3, 4], "price": [10.5, 20.5, 1.5], "b": [True, False, True]})
    frame.to_parquet(tmp_path / "houses.parquet")
    frame.astype({"b": int}).to_csv(tmp_path / "houses.csv", index=False)
    found, twin = parquet_problem(tmp_path / "houses.parquet", "price"), csv_problem(tmp_path / "houses.csv", "price")
    assert found.load(rng)[0].tolist() == [[1, 1], [3, 0], [4, 1]]
    assert found.load(rng)[1].tolist() == [10.5, 20.5, 1.5]
    assert (found.task, found.scale, found.name) == ("regression", "standard", "houses")
    assert found.digest() == twin.digest()


def test_words_are_classes_in_parquet_too(tmp_path, rng):
    pd.DataFrame({"a": [1.0, 2.0], "kind": ["red", "blue"]}).to_parquet(tmp_path / "kinds.parquet")
    problem = parquet_problem(tmp_path / "kinds.parquet", "kind", scale="minmax")
    assert (problem.task, problem.scale) == ("classification", "minmax")
    assert problem.load(rng)[1].tolist() == ["red", "blue"]


def test_an_archive_holds_X_and_y(tmp_path, rng):
    X, y = rng.normal(size=(5, 2)), np.array([0, 1, 0, 1, 1])
    np.savez(tmp_path / "runs.npz", X=X, y=y, more=[1])
    problem = npz_problem(tmp_path / "runs.npz", scale=2.0)
    assert np.array_equal(problem.load(rng)[0], X) and np.array_equal(problem.load(rng)[1], y)
    assert (problem.task, problem.scale, problem.name) == ("classification", 2.0, "runs")
    assert npz_problem(tmp_path / "runs.npz", task="regression").task == "regression"
    np.savez_compressed(tmp_path / "again.npz", X=X, y=y)
    assert npz_problem(tmp_path / "again.npz", scale=2.0).digest() == problem.digest() != npz_problem(tmp_path / "again.npz").digest()


@pytest.mark.parametrize(
    ("columns", "target", "words"),
    [
        ({"a": [1.0], "price": [2.5]}, "prise", "no column 'prise'.*did you mean 'price'"),
        ({"a": [1.0, None], "price": [2.5, 3.5]}, "price", "nan at row 1 .*column 'a'"),
        ({"a": [1.0, 2.0], "price": [2.5, None]}, "price", "column 'price'.*nan at row 1"),
        ({"a": ["1", "2"], "price": [2.5, 3.5]}, "price", "column 'a' has type .* such as '1'.*must be numbers"),
        ({"a": pd.to_datetime(["2020-01-01"]), "price": [2.5]}, "price", "column 'a' has type datetime"),
        ({"price": [2.5]}, "price", "no column beside the target"),
        ({"a": [], "price": []}, "price", r"shape \(0, 1\)"),
    ],
)
def test_bad_parquet_names_file_and_place(tmp_path, columns, target, words):
    pd.DataFrame(columns).to_parquet(tmp_path / "data.parquet")
    refused(lambda: parquet_problem(tmp_path / "data.parquet", target), words, "data.parquet")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"X": GOOD}, "no array 'y'; its arrays are X"),
        ({}, "no array 'X'; it is empty"),
        ({"X": np.array([[1, None], [2, 3]], dtype=object), "y": [1.0, 2.0]}, "X is an array of Python objects, which is never loaded"),
        ({"X": GOOD, "y": np.array(["a", None, "b"], dtype=object)}, "y is an array of Python objects, which is never loaded"),
        ({"X": [["1", "2"]], "y": [1.0]}, "X has type <U1; all inputs must be real numbers"),
        ({"X": GOOD, "y": [1.0, 2.0]}, "X has 3 rows but y has 2"),
        ({"X": np.zeros((2, 2, 2)), "y": [1.0, 2.0]}, r"X has shape \(2, 2, 2\)"),
        ({"X": GOOD, "y": np.zeros((3, 2, 2))}, r"y has shape \(3, 2, 2\)"),
        ({"X": [[1.0], [np.nan]], "y": [1.0, 2.0]}, "X is nan at row 1, column 0"),
        ({"X": np.zeros((0, 2)), "y": []}, r"shape \(0, 2\)"),
    ],
)
def test_bad_archives_name_file_and_array(tmp_path, arrays, words):
    np.savez(tmp_path / "data.npz", **arrays)
    refused(lambda: npz_problem(tmp_path / "data.npz"), words, "data.npz")


@pytest.mark.parametrize(("read", "name"), [(npz_problem, "data.npz"), (lambda path: parquet_problem(path, "y"), "data.parquet")])
@pytest.mark.parametrize("content", [b"", b"a,y\n1,2\n", b"PK\x03\x04 torn", b"PAR1 torn PAR1", b"\x80\x04pickle"])
def test_a_file_that_is_no_such_thing_is_named(tmp_path, read, name, content):
    (tmp_path / name).write_bytes(content)
    refused(lambda: read(tmp_path / name), "cannot be read", name)


def test_a_single_array_a_folder_and_nothing_are_named(tmp_path):
    np.save(tmp_path / "one.npy", GOOD)
    refused(lambda: npz_problem(tmp_path / "one.npy"), "single array, not an archive", "one.npy")
    refused(lambda: npz_problem(tmp_path), "cannot be read .Is a directory", tmp_path.name)
    for read in (npz_problem, lambda path: parquet_problem(path, "y")):
        refused(lambda read=read: read(tmp_path / "nowhere"), r"cannot be read \(No such file", "nowhere")


def refused(read, words, name):
    with pytest.raises(OptlabError, match=words) as caught:
        read()
    assert name in str(caught.value) and "\n" not in str(caught.value)
