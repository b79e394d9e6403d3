"""What a check of somebody's own code found: an object that prints as sentences and a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Findings:
    """The result of a check.

    Attributes:
        subject: what was checked.
        ok: whether nothing is wrong.
        sentences: what was found, each defect in words; one sentence that says so when nothing is wrong.
        rows: the numbers behind them, one mapping per row, all with the same keys.
    """

    subject: str
    ok: bool
    sentences: tuple[str, ...]
    rows: tuple[dict[str, Any], ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """The numbers as a DataFrame."""
        import pandas as pd

        return pd.DataFrame(list(self.rows))

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        head = f"{self.subject}: {'ok' if self.ok else 'WRONG'}"
        lines = [head, *(f"  {'+' if self.ok else '-'} {sentence}" for sentence in self.sentences)]
        if self.rows:
            columns = list(self.rows[0])
            cells = [columns, *([_cell(row[name]) for name in columns] for row in self.rows)]
            widths = [max(len(line[k]) for line in cells) for k in range(len(columns))]
            lines.append("")
            lines += ["  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
        return "\n".join(lines)

    __repr__ = __str__


def findings(subject: str, defects: list[str], fine: str, rows: list[dict[str, Any]] | None = None) -> Findings:
    """`fine` is the sentence when there are no defects."""
    return Findings(subject, not defects, tuple(dict.fromkeys(defects)) or (fine,), tuple(rows or ()))


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
