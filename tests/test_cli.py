"""The command line as a person meets it: what it prints, how it refuses, how it ends."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from optlab.cli import progress
from optlab.study.progress import Progress
from optlab.study.spec import Study

MINE = """
from optlab.plugin import Positive, hookimpl, optimizer

@optimizer
def mine(w, g, v, *, lr: Positive = 0.1):
    \"\"\"A rule of my own.\"\"\"
    v = 0.5 * v + g
    return w - lr * v, v

@hookimpl
def register_optimizers(register):
    register(mine)
"""
BRANCHES = "from optlab.plugin import hookimpl, optimizer\n@optimizer\ndef mine(w, g):\n    return w if g > 0 else w - g\n"
HOOK = "@hookimpl\ndef register_optimizers(register):\n    register({})\n"
STUDY = 'problem = "iris"\noptimizer = ["gd", "adam"]\nlayers = [4]\nepochs = 20\nlr = [0.03, 0.3]\nseeds = 2\nconfirm = 2\n'


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "branches.py").write_text(BRANCHES + HOOK.format("mine"))
    (tmp_path / "again.py").write_text(MINE.replace("def mine", "def adam").replace("(mine)", "(adam)"))
    (tmp_path / "small.toml").write_text(STUDY)
    (tmp_path / "epochz.toml").write_text(STUDY.replace("epochs", "epochz"))
    (tmp_path / "slipped.toml").write_text('problem = "iris"\noptimizer = ["gd"]\n[hyper.gd]\nepochs = 3\n')
    (tmp_path / "negative.toml").write_text(STUDY.replace("[0.03, 0.3]", "[-0.1]"))
    (tmp_path / "table.toml").write_text('optimizer = ["gd"]\n[problem]\ncsv = "table.csv"\ntarget = "price"\n')
    (tmp_path / "table.csv").write_text("age,price\n1,2.5\n,3.5\n")
    (tmp_path / "foreign.db").write_text("not a database")
    (tmp_path / "file").touch()
    return tmp_path


def process(*words, **options):
    return subprocess.run([sys.executable, "-c", "from optlab.cli import main; main()", *words], capture_output=True, text=True, **options)


# -- looking around -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "report", "studies", "problems", "plugins", "plugins list", "plugins show", "cache"])
def test_every_command_has_help_with_an_example(optlab, command):
    code, out, _ = optlab(*command.split(), "--help")
    assert code == 0
    assert f"Example: optlab {command.split()[0]}" in " ".join(out.split())


def test_without_a_command_it_says_what_there_is(optlab):
    code, out, _ = optlab()
    assert code == 0
    for command in ("run", "report", "studies", "problems", "plugins", "cache", "quickstart"):
        assert command in out


def test_version(optlab):
    from importlib.metadata import version

    assert optlab("--version")[:2] == (0, f"optlab {version('optlab')}\n")


def test_help_loads_nothing_heavy():
    code = (
        "import sys, contextlib, io\nsys.argv = ['optlab', 'run', '--help']\nfrom optlab.cli import main\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()): main()\n"
        "print(*{'numba', 'numpy', 'pandas', 'matplotlib', 'sklearn', 'scipy', 'jinja2'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""


def test_plugins_as_json_name_everything(optlab):
    from optlab import catalogue

    for words in (["plugins", "--json"], ["plugins", "list", "--json"]):
        code, out, _ = optlab(*words)
        records = json.loads(out)
        assert code == 0
        assert {(one["kind"], one["name"]) for one in records} == {(p.kind, p.name) for kind in catalogue().values() for p in kind.values()}
    adam = next(one for one in records if one["name"] == "adam")
    assert adam["slots"] == ["m", "v"]
    assert adam["hyper"][0] == {"name": "lr", "default": 0.001, "admits": "a number > 0"}
    assert adam["flops"] > 0


def test_show_gives_formula_domain_and_source(optlab):
    code, out, _ = optlab("plugins", "show", "adam")
    assert code == 0
    for words in ("sqrt(v_hat)", "state: m, v", "FLOPs per parameter", "a number in [0, 1)", "Kingma"):
        assert words in out
    assert "gd" in optlab("plugins", "show", "sgd")[1]  # by its alias too


def test_a_plugin_file_is_listed_and_shown(optlab, here):
    assert "mine" in optlab("plugins", "list", "--plugin", "mine.py")[1]
    assert "A rule of my own." in optlab("plugins", "show", "mine", "--plugin", "mine.py")[1]


def test_problems_and_studies_as_json(optlab):
    problems = {one["name"]: one for one in json.loads(optlab("problems", "--json")[1])}
    assert (problems["digits"]["rows"], problems["digits"]["features"], problems["digits"]["classes"]) == (1797, 64, 10)
    studies = {one["name"]: one for one in json.loads(optlab("studies", "--json")[1])}
    assert studies["quickstart"]["trials"] == 6 * 11 * 4 * 3 + 6 * 10


def test_tables_are_not_cut_when_piped(optlab):
    out = optlab("plugins")[1]
    assert "…" not in out
    assert any("lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08" in line for line in out.splitlines())


def test_cache_deletes_its_own_folders_only(optlab, here, monkeypatch):
    monkeypatch.setenv("OPTLAB_CACHE", str(here))
    (here / "0123456789abcdef").mkdir()
    (here / "0123456789abcdef" / "compiled").write_bytes(b"x" * 1000)
    assert json.loads(optlab("cache", "--json")[1])["bytes"] == 1000
    assert optlab("cache", "--clear")[0] == 0
    assert not (here / "0123456789abcdef").exists()
    assert (here / "small.toml").exists()


# -- mistakes -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("run no-such-study", "no study called 'no-such-study'"),
        ("run quickstrat", "did you mean 'quickstart'?"),
        ("run none.toml", "No such file"),
        ("run epochz.toml", "did you mean 'epochs'?"),
        ("run slipped.toml", "move 'epochs' above"),
        ("run negative.toml", "lr = -0.1 is not allowed"),
        ("run table.toml", "row 1 (counting from 0), column 'age'"),
        ("run small.toml --set optimizer=adm", "did you mean 'adam'?"),
        ("run small.toml --set epochs", "--set epochs"),
        ("run small.toml --workers 0", "workers = 0"),
        ("run small.toml --workers many", "--workers"),
        ("run small.toml --store foreign.db", "foreign.db is no optlab store"),
        ("run small.toml --out file", "file is a file"),
        ("run small.toml --plugin none.py", "none.py cannot be read"),
        ("run small.toml --plugin branches.py", "where(condition"),
        ("run small.toml --plugin again.py", "'adam' is already registered"),
        ("run", "there is no study to run"),
        ("run small.toml --unknown", "--unknown"),
        ("run small.toml --dry-run --workers 0", "workers = 0"),
        ("run small.toml --dry-run --store foreign.db", "foreign.db is no optlab store"),
        ("run table.toml --dry-run", "row 1 (counting from 0), column 'age'"),
        ("run small.toml --set search=sobol", "trials is missing"),
        ("run small.toml --set folds=1", "folds: 1 is not allowed"),
        ("run small.toml --set halving={epochs=[30]}", "its last rung, 30 epochs"),
        ("run small.toml --set budget={steps=10}", "the budget already says"),
        ("run small.toml --set folds=500", "folds = 500 needs as many rows"),
        ("report none.db", "none.db"),
        ("report foreign.db", "foreign.db is no optlab store"),
        ("plugins show adm", "did you mean 'adam'?"),
        ("rnu", "Did you mean 'run'?"),
    ],
)
def test_a_mistake_costs_one_sentence_and_writes_nothing(optlab, here, command, words):
    before = {file: file.read_bytes() for file in here.iterdir() if file.is_file()}
    code, out, err = optlab(*command.split())
    assert code == 2
    assert words in err
    assert len(err.splitlines()) == 1
    assert err.startswith("optlab: ")
    assert out == ""
    assert {file: file.read_bytes() for file in here.rglob("*") if file.is_file() and "__pycache__" not in file.parts} == before
    assert not (here / "reports").exists()


def test_a_mistake_leaves_no_traceback_in_a_process_of_its_own(here):
    found = process("run", "no-such-study")
    assert (found.returncode, found.stdout, found.stderr.count("\n")) == (2, "", 1)


def test_a_reader_who_leaves_early_sees_no_traceback(here):
    code = "import sys; sys.argv = ['optlab', 'plugins', '--json']\nfrom optlab.cli import main; main()"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        child.stdout.close()
        assert child.stderr.read() == ""
        child.wait(60)


# -- running --------------------------------------------------------------------------------------------------------------------


def test_a_study_runs_writes_its_page_and_runs_only_what_is_new(optlab, here):
    code, out, err = optlab("run", "small.toml", "--workers", "1")
    assert code == 0
    assert "tuning 8/8" in err
    assert "confirmation 4/4" in err
    assert "from the store" not in err
    for words in ("Who is best when tuned?", "gd", "adam", "reports/small/index.html"):
        assert words in out
    assert out.endswith("optlab run small.toml --plugin FILE --set optimizer+=mine\n")
    assert (here / "reports/small/index.html").stat().st_size > 10_000
    assert list((here / "reports/small/figures").glob("*.png"))
    assert list((here / "reports/small/tables").glob("*.csv"))

    code, again, err = optlab("run", "small.toml")
    assert "tuning 8/8 · all from the store" in err
    assert again == out

    code, _, err = optlab("run", "small.toml", "--plugin", "mine.py", "--set", "optimizer+=mine")
    assert code == 0
    assert "tuning 12/12 · 8 from the store" in err
    assert "confirmation 6/6 · 4 from the store" in err


def test_a_dry_run_prints_protocol_and_cost_and_writes_nothing(optlab, here):
    before = {file: file.read_bytes() for file in here.rglob("*") if file.is_file()}
    code, out, err = optlab("run", "small.toml", "--dry-run")
    assert (code, err) == (0, "")
    for words in (
        "gd, adam",
        "learning rate: 0.03, 0.3",
        "grid, every combination: 2 cells each",
        "Holm",
        "8 for tuning, then 4 to confirm",
        "FLOP",
        "kB",
    ):
        assert words in " ".join(out.split())
    assert {file: file.read_bytes() for file in here.rglob("*") if file.is_file() and "__pycache__" not in file.parts} == before
    assert not (here / "reports").exists()

    Study.from_file("small.toml").run("reports/lab.db")
    before = {file: file.read_bytes() for file in (here / "reports").rglob("*") if file.is_file()}
    out = optlab("run", "small.toml", "--dry-run", "--set", "seeds=3", "--until-decided")[1]
    for words in ("12 for tuning, 8 of them stored already, then 20 to confirm", "measured in this store", "up to 160 to confirm"):
        assert words in " ".join(out.split())
    assert {file: file.read_bytes() for file in (here / "reports").rglob("*") if file.is_file()} == before


def test_until_decided_says_the_cost_looks_again_and_is_in_the_command(optlab, here):
    code, out, err = optlab("run", "small.toml", "--until-decided", "--workers", "1")
    assert code == 0
    first, second, *_ = err.splitlines()
    assert first.startswith("to run: 8 for tuning, then 20 to confirm; ") and "on 1 thread (" in first
    assert second.startswith("tuning 0/8")
    assert "confirmation 20/20" in err
    assert "--until-decided --plugin FILE" in out.splitlines()[-1]


def test_the_report_comes_from_the_store_alone(optlab, here):
    optlab("run", "small.toml", "--store", "kept.db", "--out", "one")
    for file in (here / "one").rglob("*.csv"):
        file.unlink()
    code, out, _ = optlab("report", "kept.db", "--study", "small", "--out", "two")
    assert code == 0
    assert "two/index.html" in out
    assert (here / "two" / "index.html").exists()


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_ctrl_c_keeps_what_is_finished_and_the_same_command_goes_on(here):
    (here / "long.toml").write_text(STUDY.replace("epochs = 20", "epochs = 3000").replace("seeds = 2", "seeds = 20"))
    words = [sys.executable, "-c", "from optlab.cli import main; main()", "run", "long.toml", "--store", "kept.db"]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as child:
        deadline = time.monotonic() + 120
        while stored(here / "kept.db") < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        err = child.communicate(timeout=120)[1]
    kept = stored(here / "kept.db")
    assert child.returncode == 130
    assert "interrupted; what was finished is kept" in err.splitlines()[-1]
    assert "Traceback" not in err
    assert 3 <= kept < 80
    again = process("run", "long.toml", "--store", "kept.db", "--set", "confirm=0", "--set", "epochs=3000", "--workers", "2", timeout=300)
    assert again.returncode == 0
    assert f"{kept} from the store" in again.stderr


def stored(path):
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            return connection.execute("SELECT count(*) FROM trial").fetchone()[0]
    except sqlite3.Error:
        return 0


# -- the progress line --------------------------------------------------------------------------------------------------------------


def state(**changed):
    about = {"done": 812, "total": 1584, "phase": "tuning", "rate": 47.4, "eta": 16.3, "diverged": 12, "stuck": 3, "best": "adam 0.978"}
    return Progress(**about | {"compile_seconds": 9.81} | changed)


def test_the_line_says_all_there_is_to_know():
    assert progress.line(state()) == "tuning 812/1,584 · 47 trials/s · ETA 0:16 · 12 diverged · best adam 0.978 · compile 9.8 s"
    assert progress.line(state(eta=None, done=0, diverged=0, best="", compile_seconds=0.0, message="compiling adam")) == (
        "tuning 0/1,584 · compiling adam"
    )
    stored = state(done=1584, found=1584, diverged=0, best="", compile_seconds=0.0)
    assert progress.line(stored) == "tuning 1,584/1,584 · all from the store"


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0:00"), (65, "1:05"), (3723, "1:02:03")])
def test_durations(seconds, words):
    assert progress.duration(seconds) == words


@pytest.mark.parametrize(("form", "terminal", "lines"), [(progress.Bar, True, None), (progress.Plain, False, 3)])
def test_a_file_gets_few_plain_lines(form, terminal, lines):
    from io import StringIO

    from rich.console import Console

    file = StringIO()
    with form(Console(file=file, force_terminal=terminal, width=120)) as display:
        for done in range(1585):
            display.show(state(done=done))
        display.show(state(done=10, total=60, phase="confirmation"))
    text = file.getvalue()
    assert "confirmation 10/60" in text
    assert ("\x1b[" in text) == terminal
    if lines is not None:
        assert "tuning 1,584/1,584" in text
        assert len(text.splitlines()) == lines


def test_json_lines_are_all_there_is_on_stderr_and_say_everything(optlab, here):
    code, _, err = optlab("run", "small.toml", "--progress", "json", "--workers", "1")
    lines = [json.loads(line) for line in err.splitlines()]
    assert code == 0
    assert all(tuple(one) == progress.FIELDS for one in lines)
    phases = [one["phase"] for one in lines]
    assert list(dict.fromkeys(phases)) == ["plan", "tuning", "confirmation", "report"]
    for phase, total in (("tuning", 8), ("confirmation", 4)):
        own = [one for one in lines if one["phase"] == phase]
        assert [one["done"] for one in own] == sorted(one["done"] for one in own)
        assert (own[0]["done"], own[-1]["done"], own[-1]["eta"]) == (0, total, 0.0)
        assert all(one["total"] == total and one["found"] == 0 for one in own)


def test_quiet_leaves_errors_and_the_verdict(optlab, here):
    loud = optlab("run", "small.toml")
    code, out, err = optlab("run", "small.toml", "-q")
    assert (code, out, err) == (0, loud[1], "")
    code, out, err = optlab("gate", "small.toml", "--against", "reports/lab.db", "--quiet")
    assert (code, err) == (0, "") and out
    assert optlab("run", "none.toml", "--quiet")[2].startswith("optlab: the study file none.toml")
    code, _, err = optlab("run", "small.toml", "--quiet", "--progress", "json")
    assert code == 2 and "drop one of the two" in err


@pytest.mark.parametrize("form", ["bar", "plain"])
def test_a_form_that_is_asked_for_is_shown_to_a_pipe_too(optlab, here, form):
    err = optlab("run", "small.toml", "--progress", form)[2]
    assert "tuning 8/8" in err
    assert ("\x1b[" in err) == (form == "bar")
