"""Kill runs, feed bad input, rerun stored trials, time the store, and write docs/reliability.md: `python -m benchmarks.reliability`.

Every figure of that page is measured here, by the code that the tests use (tests/faults, tests/fuzz). It takes about an hour on two cores;
`--kills N`, `--inputs N`, `--trials N` and `--large N` make it shorter, and the page says how many there were.
"""

from __future__ import annotations

import argparse
import functools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis

from benchmarks import stores
from optlab.study import environment
from optlab.study.spec import Study
from optlab.study.store import Store
from optlab.study.verify import verify
from tests.faults.kills import PHASES, Sweep
from tests.fuzz.inputs import KINDS
from tests.fuzz.support import fuzz

PAGE = Path(__file__).parent.parent / "docs" / "reliability.md"

ABOUT = {
    "starting": "in the first second and a half, at a random moment",
    "compiling": "while the rule of the study is compiled",
    "mid-trial": "while trials run",
    "commit": "inside a transaction that stores outcomes",
    "migration": "inside the transaction that brings a store of schema 1 up to date",
    "confirmation": "while chosen cells are confirmed",
    "report": "while the report is drawn",
}


def kills(wanted: int, say: Callable[[str], None]) -> tuple[dict[str, int], int]:
    """(kills by phase, trials compared) of as many sweeps as it takes; a lost, doubled or different trial raises."""
    killed, compared, seed = dict.fromkeys(PHASES, 0), 0, 100
    while sum(killed.values()) < wanted:
        with tempfile.TemporaryDirectory() as folder:
            sweep = Sweep(Path(folder) / "sweep", seed)
            for phase in (*sweep.rng.sample(PHASES[:-1], len(PHASES) - 1), PHASES[-1]):
                sweep.kill(phase)
            compared += sweep.check()
        killed = {phase: killed[phase] + sweep.killed[phase] for phase in PHASES}
        say(f"{sum(killed.values())} kills")
        seed += 1
    return killed, compared


def inputs(each: int, say: Callable[[str], None]) -> dict[str, tuple[int, int]]:
    """Kind -> (inputs, those that were refused); an input that is neither taken nor refused with a sentence raises."""
    found = {}
    for kind, make in KINDS.items():
        counts = [0, 0]
        with tempfile.TemporaryDirectory() as folder:
            strategy, check = make(Path(folder))

            def counted(value: Any, check: Callable[[Any], str] = check, counts: list[int] = counts) -> None:
                refused = bool(check(value))
                counts[0] += 1
                counts[1] += refused

            fuzz(strategy, counted, each)
        found[kind] = (counts[0], counts[1])
        say(f"{kind}: {counts[0]} inputs, {counts[1]} refused")
    return found


def sweep(trials: int) -> dict[str, float]:
    """A sweep of short trials of 50 epochs with its store: trials per second, bytes per trial, and how many of it verify."""
    study = Study(
        problem="iris", optimizer=["gd"], layers=[4], epochs=50, batch_size="full", lr=[0.1, 0.2], l2=[0.0, 1e-3],
        seeds=max(trials // 4, 1), confirm=0, baselines=False, name="reliability",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lab.db"
        study.run(path, workers=1)  # compiles
        for ending in ("", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        begin, cpu = time.perf_counter(), time.process_time()
        study.run(path)
        seconds, busy = time.perf_counter() - begin, time.process_time() - cpu
        with Store(path, create=False) as store:
            stored = len(store.exact())
        checked = verify(path, sample=min(200, stored), seed=0)
        assert not checked.different and not checked.unable
        return {
            "trials": stored, "per_second": stored / seconds, "cpu_ms": 1e3 * busy / stored, "bytes": path.stat().st_size / stored,
            "verified": len(checked.checked),
        }  # fmt: skip


def large(trials: int) -> dict[str, Any]:
    """What a made-up study of about so many trials costs those who read it; see `benchmarks.stores.measured`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lab.db"
        return stores.measured(path, stores.made(path, trials), trials)


def large_rows(found: dict[str, Any]) -> list[str]:
    """Rows of the page's table of the store."""
    of = f"a study of {found['trials']:,} trials"
    summarised = found["open"]["seconds"] + found["info"]["seconds"]
    return [
        f"| bytes per trial of {stores.EPOCHS} epochs, {of} | {found['bytes_per_trial']:,.0f} |",
        f"| processor time to open and summarise it (`optlab store info`) | {summarised:.1f} s |",
        *(f"| {what} it: processor time, memory of the process | {found[name]['seconds']:.1f} s, {found[name]['megabytes']:.0f} MB |"
          for name, what in (("frame", "one table of"), ("evidence", "evidence in"), ("go on", "going on with"))),
        f"| memory of a process that does any of it, at most | {max(found[name]['megabytes'] for name in stores.TASKS):.0f} MB |",
    ]  # fmt: skip


def page(killed: dict[str, int], compared: int, fuzzed: dict[str, tuple[int, int]], swept: dict[str, float], kept: dict[str, Any]) -> str:
    """The text of docs/reliability.md."""
    about = environment.describe()
    lines = [
        "# Reliability: what was done to it, and what held",
        "",
        "`python -m benchmarks.reliability` does all of this again and writes this page. A single lost, doubled or different trial,",
        "a single traceback, a file that was written to, would end it with an error instead.",
        "",
        f"Measured with optlab {about['optlab']}, Python {about['python']}, NumPy {about['numpy']}, Numba {about['numba']}",
        f"on {about['cpu']} with {environment.cores()} cores.",
        "",
        "## Killed runs",
        "",
        "A sweep of three optimizers, two learning rates and 16 seeds, confirmed on 16 more, was ended by SIGKILL and gone on with by",
        f"the same command, {sum(killed.values())} times. After each kill the store opened, was whole, and held no trial twice; each",
        f"number in it was that of an undisturbed run, bit for bit, and in the end all {compared:,} trials were there.",
        "",
        "| phase | struck | kills survived |",
        "|---|---|---:|",
        *(f"| {phase} | {ABOUT[phase]} | {killed[phase]} |" for phase in PHASES),
        "",
        "## Bad input",
        "",
        "Made by hypothesis: files with bytes flipped, cut out and doubled, keys that hold what they should not, made-up names, formulas,",
        "texts. Each was taken, or refused with one sentence on one line; no file was written to, and nothing of it was run (an audit",
        "hook watched for evaluated text, unpickling and new processes).",
        "",
        "| input | given | refused |",
        "|---|---:|---:|",
        *(f"| {kind} | {given:,} | {refused:,} |" for kind, (given, refused) in fuzzed.items()),
        f"| all | {sum(given for given, _ in fuzzed.values()):,} | {sum(refused for _, refused in fuzzed.values()):,} |",
        "",
        "## The store",
        "",
        "| | |",
        "|---|---:|",
        f"| trials of 50 epochs on iris, 4-4-3 network, full batch | {swept['trials']:,.0f} |",
        f"| trials per second, storing included | {swept['per_second']:,.0f} |",
        f"| processor time per trial | {swept['cpu_ms']:.2f} ms |",
        f"| bytes per trial, curves included | {swept['bytes']:,.0f} |",
        f"| run again by `optlab verify` and the same, bit for bit | {swept['verified']:,.0f} of {swept['verified']:,.0f} |",
        *large_rows(kept),
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=105)
    parser.add_argument("--inputs", type=int, default=2000)
    parser.add_argument("--trials", type=int, default=20_000)
    parser.add_argument("--large", type=int, default=100_000)
    asked = parser.parse_args()
    say = functools.partial(print, flush=True)
    swept = sweep(asked.trials)
    say(f"{swept}")
    kept = large(asked.large)
    say(f"{kept}")
    fuzzed = inputs(asked.inputs, say)
    killed, compared = kills(asked.kills, say)
    PAGE.write_text(page(killed, compared, fuzzed, swept, kept))
    say(f"{PAGE} with hypothesis {hypothesis.__version__}")


if __name__ == "__main__":
    main()
