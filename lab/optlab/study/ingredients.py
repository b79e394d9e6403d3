"""What a study was made of beside its keys, by name and digest: plugin files, data, and what only a running Python has.

The record keeps it, so that the study can be rebuilt from there and every ingredient be told from another of the same name. Code is
never part of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optlab import registry
from optlab.errors import OptlabError
from optlab.study.trial import NUMERICS
from optlab.table import TableProblem

if TYPE_CHECKING:
    from optlab.study.spec import Study


def of(study: Study) -> dict[str, Any]:
    """As plain data.

    numerics: see `optlab.study.trial`. name, reference, overrides: as of `Study`. folder: where its files lay, as it was written.
    plugins: name and `source_digest` of each plugin file. data: problem -> digest of the data of replicate 0. python: a sentence's part
    on each thing that no file holds.
    """
    return {
        "numerics": NUMERICS,
        "name": study.name,
        "reference": study.reference,
        "overrides": list(study.overrides),
        "folder": str(study.folder),
        "plugins": [{"file": file.name, "digest": source_digest(file)} for file in study.files],
        "data": {label: study.datasets.digest(label, 0) for label in study.problems},
        "python": list(_of_the_session(study)),
    }


def source_digest(file: Path) -> str:
    """32 hexadecimal digits of a plugin file's text.

    Raises:
        OptlabError: it cannot be read.
    """
    try:
        return hashlib.blake2b(file.read_bytes(), digest_size=16).hexdigest()
    except OSError as error:
        raise OptlabError(f"the plugin file {file} cannot be read ({error.strerror}); give the path of a Python file") from error


def _of_the_session(study: Study) -> Iterator[str]:
    installed = registry.installed()
    for plugin in study.session:
        if isinstance(plugin, TableProblem):
            yield "its data were arrays given in Python"
            continue
        known = installed[registry.kind_of(plugin)].get(plugin.name)
        if known is None or known.digest() != plugin.digest():
            yield f"the {plugin.kind} {plugin.name!r} was defined in a running Python"
