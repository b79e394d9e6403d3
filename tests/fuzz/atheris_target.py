"""The formula parser and the reader of study files under atheris, which grows its inputs by the branches they reach.

``python -m tests.fuzz.atheris_target formula|study [CORPUS] [-max_total_time=600]``, the rest as for libFuzzer; needs ``pip install
atheris``. The property is that of the other fuzz tests: taken, or refused with one sentence; nothing written, nothing run. What breaks it
is written to a file ``crash-...`` here, and ends the run.
"""

import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Fuzz what the first argument names."""
    try:
        import atheris
    except ImportError:
        sys.exit("atheris is missing, and fuzzes nothing by itself; pip install atheris")
    kinds = {"formula": "expressions", "study": "study files as text"}
    if len(sys.argv) < 2 or sys.argv[1] not in kinds:
        sys.exit(f"which of {', '.join(kinds)}?")
    with atheris.instrument_imports(include=["optlab.formula", "optlab.study"]):
        from tests.fuzz.inputs import KINDS
    kind = sys.argv.pop(1)
    with tempfile.TemporaryDirectory() as folder:
        _, check = KINDS[kinds[kind]](Path(folder))

        def once(data: bytes) -> None:
            check(data.decode("utf-8", "surrogateescape") if kind == "formula" else data)

        atheris.Setup(sys.argv, once)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
