"""`optlab cache`: where compiled code lies, how much there is, and how to drop it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Annotated

import typer

from optlab.cli.tables import Json, print_json
from optlab.errors import OptlabError

_OURS = re.compile(r"[0-9a-f]{16}")


def _folders(base: Path) -> list[Path]:
    """The folders that optlab made below `base`. OPTLAB_CACHE may name a folder that holds other things: those are left alone."""
    return sorted(folder for folder in base.glob("*") if folder.is_dir() and _OURS.fullmatch(folder.name)) if base.is_dir() else []


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Delete it; code is compiled again when it is needed.")] = False,
    json: Json = False,
) -> None:
    """Where compiled code lies, and how much of it there is.

    Example: `optlab cache --clear`
    """
    from optlab.jit import cache_base

    base = cache_base()
    folders = _folders(base)
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    if clear:
        try:
            for folder in folders:
                shutil.rmtree(folder)
        except OSError as error:
            raise OptlabError(f"the cache folder {error.filename} cannot be deleted ({error.strerror}); delete it by hand") from error
    if json:
        print_json({"folder": str(base), "versions": len(folders), "files": len(files), "bytes": size, "cleared": clear})
    else:
        typer.echo(f"{base}: {len(files)} files, {size / 1e6:.1f} MB, compiled for {len(folders)} versions{', deleted' if clear else ''}")
