"""What ran where: the record that every benchmark carries, so that two of them can be compared or refused."""

import os
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OPTLAB_CACHE", str(Path(__file__).parent.parent / ".pytest_cache" / "optlab"))


def pytest_benchmark_update_machine_info(config, machine_info):
    from optlab import blas

    machine_info["cores"] = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    machine_info["blas"] = blas.description()
    machine_info["versions"] = {name: version(name) for name in ("optlab", "numba", "llvmlite", "numpy", "scipy")}
