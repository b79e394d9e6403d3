"""The page of `optlab check --html`: one self-contained file that says what was checked and found. Every text on it is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from optlab.report import formulas, placing

if TYPE_CHECKING:
    from optlab.conformance.record import Check, Number, Report

_MARKS = {True: ("✓", "good", "passed"), False: ("✗", "bad", "failed"), None: ("·", "soft", "reported")}


def write(reports: Sequence[Report], about: Sequence[Mapping[str, Any]], facts: Mapping[str, str], path: Path) -> None:
    """Write the page of these reports to `path`, replacing it as a whole.

    about: for each report ``doc``, ``text`` and ``latex`` (the lines of the formula) and ``facts`` (label -> text), each optional.
    facts: what stands under "Reproducibility", label -> text.
    """
    environment = Environment(
        loader=PackageLoader("optlab.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    shown = [_report(report, one, f"formula-{k}-") for k, (report, one) in enumerate(zip(reports, about, strict=True))]
    title = shown[0]["name"] if len(shown) == 1 else "Conformance"
    text = environment.get_template("conformance.html.j2").render(title=title, reports=shown, facts=list(facts.items()))
    placing.place(path, text.encode())


def _report(report: Report, about: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    latex = [formulas.typeset(line, f"{prefix}{k}-") for k, line in enumerate(about.get("latex") or ())]
    return {
        "kind": report.kind,
        "name": report.name,
        "distribution": report.distribution,
        "ok": report.ok,
        "verdict": report.verdict,
        "failures": report.failures,
        "doc": str(about.get("doc") or "").strip().split("\n\n")[0],
        "text": about.get("text") or "",
        "latex": latex if all(latex) else [],
        "facts": list((about.get("facts") or {}).items()),
        "sections": [{"name": name, "checks": [_check(one) for one in checks]} for name, checks in report.sections().items()],
    }


def _check(check: Check) -> dict[str, Any]:
    mark, style, said = _MARKS[check.passed]
    shown = {"what": check.what, "passed": check.passed, "sentence": check.sentence, "numbers": _numbers(check.numbers.items())}
    return {"mark": mark, "style": style, "said": said, **shown}


def _numbers(numbers: Iterable[tuple[str, Number]]) -> str:
    """What the sentence rests on: ``largest error = 4.9e-15 · settings = 7``; words stand in the sentence already."""
    return " · ".join(f"{name} = {value:.4g}" for name, value in numbers if not isinstance(value, str))
