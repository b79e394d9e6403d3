"""The text of docs/statistics.md around the numbers of `benchmarks.coverage` and `benchmarks.procedures`."""

from __future__ import annotations

from benchmarks import coverage, procedures, summaries
from benchmarks.coverage import MEANS, MEDIANS, PAIR_MEANS, PAIRS, STUDIES, VALUES, markdown, offered_from, table
from optlab.evidence import intervals, looks, many, signflip


def percent(share: float) -> str:
    return f"{100 * share:.1f}"


def page() -> str:
    """The whole page; raises AssertionError where a domain in the code is not what was measured."""
    parts = (_head, _medians, _pairs, _means, _resplit, _tests, _looks, _best, _summary)
    return "\n\n".join(part() for part in parts) + "\n"


def _head() -> str:
    return f"""# Statistics: what is claimed, and how often it is wrong

The tables are simulated by `python -m benchmarks.coverage` with the code that reports use; tests hold samples against them.
A cell of a coverage table is {STUDIES:,} studies of n replicates (standard error 0.2 %). It says in how many per cent of them the 95 %
interval holds the true value. A method is offered where that is at least 93 % on all data of its domain: the numbers in **bold**.
Elsewhere a report shows the range from the lowest to the highest replicate and calls it "range".

A run that diverged counts as minus infinity, the worst value there is. It is never left out. A value that is NaN is refused."""


def _medians() -> str:
    found = table(VALUES, MEDIANS, coverage.median)
    needed = next(n for n in range(1, 20) if intervals.order_statistics(n))
    assert min(shares[coverage.SIZES.index(needed)] for shares in found.values()) >= coverage.OFFERED
    lines = markdown(found, needed, outside=())
    return f"""## Medians: order statistics, from n = {needed}

The interval runs from one order statistic to another, chosen from the binomial distribution so that 95 % are reached for every continuous
distribution (n = 10: the second lowest to the second highest, 97.8 %), and more where there are ties. Diverged runs take part: an
interval may begin at minus infinity. With fewer than {needed} replicates even the range does not reach 95 %.

{lines}

For n = 3 and 5 the table shows the coverage of the range. "Stuck": a tenth of the runs ends at chance. This is the interval to trust."""


def _pairs() -> str:
    found = table(PAIRS, PAIR_MEANS, coverage.t)
    start = offered_from(found)
    assert start is not None and start <= intervals.T_FROM
    alike = "both skewed alike (exponential)"
    boot = table({alike: PAIRS[alike]}, PAIR_MEANS, coverage.bca)[alike]
    worst = ", ".join(f"{percent(share)} % (n = {n})" for n, share in zip(coverage.SIZES, boot, strict=True) if n >= 10)
    return f"""## Means of paired differences: t, from n = {intervals.T_FROM}

Two contenders share seeds, start and mini-batches in each replicate, so their difference is what is looked at. Differences are far less
skewed than values: adam - momentum on seven built-in problems, 80 replicates each, has a skewness between 0.0 and 1.1, where the metric
of either alone reaches -2.3. The domain is therefore differences with a skewness of up to 1.

{markdown(found, intervals.T_FROM)}

The last row is outside: where one contender gets stuck in a tenth of its runs, few replicates hold no such run, and no interval knows of
what it has not seen. A mean is the wrong summary there. Where a difference is infinite there is no mean at all, and the interval of the
median takes its place. n equal differences tell nothing of their spread: their range is shown (they are left out of the table).
The bootstrap is not offered for pairs. Of differences of two exponentials BCa covers {worst}."""


def _means() -> str:
    by_bca, by_t = table(VALUES, MEANS, coverage.bca), table(VALUES, MEANS, coverage.t)
    start = offered_from(by_bca, outside=())
    assert start == intervals.BCA_FROM, f"BCa covers from n = {start}, the code offers it from {intervals.BCA_FROM}"
    (t_below, t_above), (b_below, b_above) = (coverage.one_sided_misses()[name] for name in ("t", "BCa"))
    return f"""## The mean of one contender: BCa bootstrap, from n = {intervals.BCA_FROM}

Metrics of one contender are skewed (down to -2.3, and -8.8 where nearly all replicates tie), as the exponential distribution is (2).

BCa, {intervals.RESAMPLES:,} resamples:

{markdown(by_bca, intervals.BCA_FROM, outside=())}

t, not offered:

{markdown(by_t, 10**9)}

At n = 30 neither reaches 93 % on skewed data. From n = {intervals.BCA_FROM} BCa does on all of them, stuck runs included, where t does
not; and on skewed data with n = {intervals.BCA_FROM} its misses lie {percent(b_below)} % below and {percent(b_above)} % above the mean,
those of t {percent(t_below)} % and {percent(t_above)} %."""


def _resplit() -> str:
    rows = "\n".join(f"| {name} | {percent(share)} |" for name, share in coverage.resplit().items())
    return f"""## Replicates with a split of their own

Replicates that share a split speak for that split. With `resplit = true` each draws its own, their training sets overlap, and they are
correlated: Nadeau and Bengio (2003) put the variance of their mean at s^2 (1/n + test rows / training rows) instead of s^2 / n. Coverage
for normal data correlated as they assume, n = 10, one test row for three training rows:

| interval | % |
|---|---:|
{rows}"""


def _tests() -> str:
    return f"""## Tests: exact sign flips

If two contenders are equal, every paired difference might as well have the other sign. The p-value is the share of the 2^n ways to flip
the signs that give a statistic as large as the one seen. That is exact for every n and every distribution; up to n = {signflip.ENUMERATED}
all sums are formed, beyond it they are counted on a grid. The statistic is the mean; where a difference is infinite, because one of the
two runs diverged, it is the sum of signed ranks. Two diverged runs are a tie.

Why this statistic: {summaries.FLIPPED:,} studies each, per cent with a one-sided p of at most 5 %.

| data | n | mean | signed ranks |
|---|---:|---:|---:|
{summaries.statistics_table()}

On small studies the mean finds more; heavy tails favour ranks. What decides is the case of skewed differences whose true mean is 0: the
error of the mean falls with n, that of ranks grows. A mean does not exist where a difference is infinite; with infinity replaced by the
largest finite size (the column "mean" of the diverging rows) it finds a little more than ranks at n = 10 and less from n = 20."""


def _looks() -> str:
    rows = []
    for contenders in procedures.EQUALS:
        cells = [procedures.until_decided(contenders, k, studies)[0] for k, studies in ((2, procedures.STUDIES), (6, procedures.FEWER))]
        assert max(cells) <= 0.05
        rows.append(f"| {contenders.name} | {' | '.join(percent(cell) for cell in cells)} |")
    places = ", ".join(map(str, looks.LOOKS))
    power = []
    for shift in (0.25, 0.5, 1.0):
        wrong, decided, spent = procedures.until_decided(procedures.Contenders("", procedures.normal, shift), 2, procedures.FEWER)
        power.append(f"| {shift:g} | {percent(decided)} | {spent:.0f} | {percent(wrong)} |")
    return f"""## Looking more than once: `--until-decided`

Two equal contenders, a paired t-test at 5 % after every replicate from the third to the thirtieth:
{percent(procedures.after_every_seed())} % of {procedures.STUDIES:,} studies claim a difference. With looks at {places} replicates, each at
{100 * looks.level(10):g} %, all pairs corrected by Holm within a look, the share of studies with any false claim at any look is

| equal contenders | 2 of them, % | 6 of them, % |
|---|---:|---:|
{chr(10).join(rows)}

({procedures.STUDIES:,} and {procedures.FEWER:,} studies.) What looking early saves: two contenders, the first better by a multiple of the
standard deviation of one run (pairs correlated by 1/2), {procedures.FEWER:,} studies:

| better by | told apart, % | replicates on average | put the wrong way round, % |
|---:|---:|---:|---:|
{chr(10).join(power)}"""


def _best() -> str:
    rows = []
    for contenders in procedures.EQUALS:
        cells = [procedures.best_kept(contenders, k, n, studies)[0] for k, n, studies in procedures.SETS]
        assert min(cells) >= 0.95
        rows.append(f"| {contenders.name} | {' | '.join(percent(cell) for cell in cells)} |")
    head = " | ".join(f"{k} candidates, n = {n}" for k, n, _ in procedures.SETS)
    return f"""## The set not distinguishable from the best

A candidate is left out if another beats it in a one-sided sign-flip test at 5 % / (K - 1). That takes n >= log2((K - 1) / 0.05)
replicates: {signflip.needed(6)} for 6 candidates, {signflip.needed(40)} for 40. How often the set holds the best, in per cent, in the worst
case, in which all are equal and any of them may be called the best (4,000 studies each):

| data | {head} |
|---|{"---:|" * len(procedures.SETS)}
{chr(10).join(rows)}"""


def _summary() -> str:
    found = summaries.interquartile()
    rows = "\n".join(f"| {name} | {' | '.join(percent(share) for share in shares)} |" for name, shares in found.items())
    inside = [place for place, (p, n) in enumerate(summaries.SHAPES) if p >= many.PROBLEMS_FROM and n >= many.REPLICATES_FROM]
    assert min(shares[place] for shares in found.values() for place in inside) >= coverage.OFFERED, found
    head = " | ".join(f"{p} problems, n = {n}" for p, n in summaries.SHAPES)
    return f"""## Many problems

Scores are (baseline - loss) / (baseline - reference) with the loss 1 - metric and both ends fixed per problem in
`lab/optlab/evidence/targets.json` (`python -m benchmarks.targets`): another optimizer changes nobody else's numbers. The interquartile mean
of all scores has a bootstrap interval, with replicates drawn within each problem and percentiles moved outwards for small n (Hesterberg
2015; the plain percentile interval covers less). It is offered from {many.PROBLEMS_FROM} problems
with {many.REPLICATES_FROM} replicates each; below, the range of the problems' own values. Coverage, {summaries.STUDIES:,} studies per cell
(standard error 1.1 %):

| data | {head} |
|---|{"---:|" * len(summaries.SHAPES)}
{rows}

The problems are fixed, not drawn from anything, so the interval speaks of them alone: below ten the report says "on these problems".
There is no critical-difference diagram: its ranks change when a contender is added."""
