"""The update-rule gate: names the dialect that a rule is, or shows where it leaves the nearest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from optlab.conformance.dialects import DIALECTS
from optlab.conformance.record import Check
from optlab.conformance.settings import settings
from optlab.conformance.update import departure, peers, resets, tapes
from optlab.conformance.update.families import Claim, claim
from optlab.conformance.update.paths import elementwise
from optlab.conformance.update.search import Match, Near, Search
from optlab.hyper import Value
from optlab.rules import Rule
from optlab.stages import requests_of

SECTION = "Which rule it is"
FAMILIES = tuple(dict.fromkeys(one.rule for one in DIALECTS))


def check(rule: Rule) -> Iterator[Check]:
    """Which rule it is, at the defaults and at each other choice of its options; then extreme gradients, and other libraries."""
    if len(rule.parts) > 1:
        yield Check(SECTION, "update rule", None, f"the chain {rule.name}; which rule its parts are is checked one by one")
        return
    if requests_of(rule):
        yield Check(SECTION, "update rule", None, "it asks for further evaluations, so that no tape of gradients can say")
        return
    for words, values in options(rule):
        checks = list(at(rule, words, values))
        yield from checks
    yield from peers.check(rule)


def options(rule: Rule) -> Iterator[tuple[str, dict[str, Value]]]:
    """(words, values): the defaults, and each other choice of an option, swept hyper-parameters at their defaults."""
    defaults = rule.values({})
    for words, values in settings(rule):
        if all(values[name] == defaults[name] for name in rule.swept):
            yield words, values


def at(rule: Rule, words: str, values: dict[str, Value]) -> Iterator[Check]:
    """The checks at one choice of options."""
    search = Search(rule, values)
    claimed = claim(rule.name, FAMILIES)
    what = f"update rule, {words}" if words else "update rule"
    found = search.among(claimed.families) if claimed.families else None
    if found and found.matches:
        yield _named(what, rule, claimed, found.matches)
        yield _extremes(what, search, found.matches[0])
        return
    forgetful = resets.find(search, found.nearest) if found else None
    if forgetful is not None:
        yield _named(what, rule, claimed, (forgetful,))
        return
    others = search.others(claimed.families)
    exact = tuple(one for one in others.matches if not one.zeroed)
    if exact:
        yield _named(what, rule, claimed, exact)
        yield _extremes(what, search, exact[0])
        return
    forgetful = resets.find(search, others.nearest)
    if forgetful is not None:
        yield _named(what, rule, claimed, (forgetful,))
        return
    if others.matches and not claimed.families:
        yield Check(SECTION, what, None, f"no known rule; it is {others.matches[0].words}", {"rule": others.matches[0].mapped.dialect.rule})
        return
    yield _unnamed(what, rule, claimed, (found.nearest if found else others.nearest)[0])


def _named(what: str, rule: Rule, claimed: Claim, matches: tuple[Match, ...]) -> Check:
    best = matches[0]
    dialect = best.mapped.dialect
    others = [words for words in dict.fromkeys(one.mapped.dialect.words for one in matches) if words != dialect.words][:2]
    sentence = best.words + (f" (on these tapes the same as: {'; '.join(others)})" if others else "")
    numbers: dict[str, Any] = {"rule": dialect.rule, "dialect": dialect.words, "tapes": len(tapes.ordinary()), "steps": tapes.STEPS}
    family = dialect.rule.split(" whose ")[0]
    if family not in claimed.families and claimed.families:
        if claimed.whole:
            return Check(SECTION, what, False, f"named {rule.name}, but it is {sentence}", numbers)
        return Check(SECTION, what, False if dialect.defect else None, f"its name says {claimed.families[0]}; it is {sentence}", numbers)
    if dialect.defect:
        return Check(SECTION, what, False, f"{rule.name} is {sentence}, which is a known defect", numbers)
    return Check(SECTION, what, None if best.zeroed else True, sentence, numbers)


def _unnamed(what: str, rule: Rule, claimed: Claim, near: Near) -> Check:
    gone, name = near.departure, near.mapped.dialect.name
    numbers: dict[str, Any] = {
        "nearest": name, "tape": gone.tape, "step": gone.step, "parameter": gone.coordinate, "found": gone.found, "expected": gone.expected,
    }  # fmt: skip
    where = f"it departs at {gone.words}"
    if claimed.whole:
        return Check(SECTION, what, False, f"no dialect of {claimed.families[0]}: nearest is {name}; {where}", numbers)
    return Check(SECTION, what, None, f"no known rule: nearest is {name}; {where}", numbers)


def _extremes(what: str, search: Search, match: Match) -> Check:
    """Tiny, huge and zero gradients and one NaN, against the dialect that was named."""
    left = []
    values = search.defaults | dict.fromkeys(match.zeroed, 0.0)
    compared = tapes.extreme() if elementwise(search.rule) else tapes.extreme()[:-1]  # array code never sees a nan
    for tape in compared:
        expected = search.references(match.mapped.dialect, tape, match.mapped.hyper(values), len(tape.gradients))
        gone = departure.first(search.paths(tape, values), expected, tape.start, tape.name)
        if gone is not None:
            left.append(f"departs from that dialect at {gone.words}")
    sentence = "; ".join(left) or "as that dialect"
    what = what.replace("update rule", "gradients 1e-20, 1e20, 0" + ", nan" * elementwise(search.rule))
    return Check(SECTION, what, None if left else True, sentence, {"tapes": len(compared), "departures": len(left)})
