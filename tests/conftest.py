"""Compiled code of the tests goes to one folder per checkout, so that a run leaves the user's cache alone and the next run is warm."""

import os
from pathlib import Path

os.environ.setdefault("OPTLAB_CACHE", str(Path(__file__).parent.parent / ".pytest_cache" / "optlab"))
