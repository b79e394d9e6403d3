"""The tables as files: CSV and Parquet of all, LaTeX and Markdown of those that one prints."""

import io
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from optlab.evidence import Evidence, words
from optlab.report import claims, pgf
from optlab.report.placing import place

EXPLORATORY = ("shares", "tunability", "generalisation", "classification", "anytime", "anytime_curve", "profile", "profile_curve")
PRINTED = (
    "ranked", "claims", "tolerance", "targets", "over_problems", "diagnoses",
    "shares", "generalisation", "classification", "anytime", "profile",
)  # fmt: skip
"""Tables a reader puts into a paper; cells, curves and trials are data of hundreds of rows."""


def save(evidence: Evidence, frame: pd.DataFrame, folder: Path) -> Iterator[Path]:
    """Write every table of the evidence, and the trials; yield the files. Diverged medians are ``-inf`` in CSV and Parquet."""
    for name, table in tables(evidence, frame).items():
        plain = table.reset_index(drop=True)
        buffer = io.BytesIO()
        one_kind(plain).to_parquet(buffer, index=False)
        contents = {"csv": plain.to_csv(index=False).encode(), "parquet": buffer.getvalue()}
        if name in PRINTED and len(plain):
            texts = printed(plain)
            contents |= {"tex": latex(texts).encode(), "md": markdown(texts).encode()}
        for ending, content in contents.items():
            path = folder / f"{name}.{ending}"
            place(path, content)
            yield path


def tables(evidence: Evidence, frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return every table by name; those that a study has nothing for are left out, but for the ones every report has."""
    always = {
        "ranked": evidence.ranked,
        "cells": evidence.cells,
        "sensitivity": evidence.sensitivity,
        "tolerance": evidence.tolerance,
        "targets": evidence.targets,
        "learning": evidence.learning,
        "trials": frame,
    }
    some = {"claims": evidence.claims, "over_problems": evidence.over_problems, "best_cells": evidence.best_cells, "edges": evidence.edges}
    some |= {"diagnoses": evidence.diagnoses}
    some |= {name: getattr(evidence, name) for name in EXPLORATORY}
    for name, part in (("beside", "table"), ("beside_learning", "learning"), ("beside_sensitivity", "sensitivity")):
        found = [getattr(shown, part) for shown in evidence.beside.values()]
        some |= {name: pd.concat(found, ignore_index=True)} if found else {}
    return always | {name: table for name, table in some.items() if len(table)}


def printed(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table as texts for print: numbers short, columns that say the same in every row (but names) and cell keys left out."""
    keep = ("problem", "contender", "a", "b", "n", "median", "outcome")
    names = [name for name in table.columns if name in keep or (table[name].nunique() > 1 and name not in ("cell", "sentence"))]
    return pd.DataFrame({name.replace("_", " "): [_text(name, value) for value in table[name]] for name in names})


def _text(name: str, value: object) -> str:
    if value is None or value is pd.NA or value != value:
        return ""
    if name in ("p", "p_holm") and isinstance(value, float):
        return claims.chance(value)
    if name in ("median", "low", "high", "interval_low", "interval_high", "tuning_median", "difference", "score") and isinstance(
        value, float
    ):
        return words.number(value).replace("-", "\N{MINUS SIGN}")
    return words.setting(float(value)) if isinstance(value, float) else str(value)


def latex(texts: pd.DataFrame) -> str:
    """Return a table as LaTeX for the booktabs package; every text is escaped."""
    align = "".join("l" if _wordy(texts[name]) else "r" for name in texts)
    lines = [" & ".join(pgf.escape(str(cell)) for cell in row) + r" \\" for row in texts.itertuples(index=False)]
    head = " & ".join(pgf.escape(str(name)) for name in texts) + r" \\"
    return "\n".join([rf"\begin{{tabular}}{{{align}}}", r"\toprule", head, r"\midrule", *lines, r"\bottomrule", r"\end{tabular}", ""])


def markdown(texts: pd.DataFrame) -> str:
    """Return a table as GitHub's Markdown; a bar in a name cannot end its column."""
    rule = ["---" if _wordy(texts[name]) else "---:" for name in texts]
    rows = [list(map(str, texts)), rule, *([_plain(cell) for cell in row] for row in texts.itertuples(index=False))]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _plain(cell: object) -> str:
    text = str(cell).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
    return text.replace("<", "&lt;").replace("`", "\\`").replace("*", "\\*").replace("_", "\\_")


def _wordy(column: "pd.Series[str]") -> bool:
    return bool(column.str.contains(r"[A-Za-z]{2}").any())


def one_kind(table: pd.DataFrame) -> pd.DataFrame:
    """Return ``table`` with columns that mix kinds (batch sizes 64 and "full") as text: Parquet holds one kind per column."""
    mixed = [name for name in table.columns if table[name].dtype == object and table[name].dropna().map(type).nunique() > 1]
    return table.assign(**{name: table[name].map(lambda value: value if pd.isna(value) else str(value)) for name in mixed})
