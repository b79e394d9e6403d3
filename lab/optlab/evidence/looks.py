"""Looking at confirmation replicates more than once without claiming more than the data.

Testing after every new replicate at 5 % each time claims a difference between equals in 26 % of studies by 30 replicates. Four looks,
fixed in advance and doubling, at 5 % / 4 each, claim one in at most 5 % of studies (Bonferroni over the looks, whatever rule stops).
"""

from typing import TYPE_CHECKING

from optlab.errors import OptlabError

if TYPE_CHECKING:
    import pandas as pd

LOOKS = (10, 20, 40, 80)
"""Confirmation replicates at which a study that runs until it is decided is looked at."""


def level(look: int, alpha: float = 0.05) -> float:
    """Return the share of ``alpha`` that the claims at ``look`` replicates may spend: the same for each look.

    Raises:
        OptlabError: a number of replicates that is no look.
    """
    if look not in LOOKS:
        raise OptlabError(f"looks: {look} replicates is no look; a study is looked at with {', '.join(map(str, LOOKS))}")
    return alpha / len(LOOKS)


def next_look(n: int) -> int | None:
    """Return the first look beyond ``n`` replicates; None after the last."""
    return next((look for look in LOOKS if look > n), None)


def decided(claims: "pd.DataFrame") -> bool:
    """Whether ``claims`` made at one look leave nothing open about who is ahead: then the study stops.

    ``claims`` has one row per problem and pair with the columns ``problem, a, b, outcome``, a being the one ahead. A problem is decided
    when its leader, the contender that is nobody's b, is better than or equivalent to each of the others. Pairs further down do not
    keep a study running: two equals among six would always take it to the last look.
    """
    for _, own in claims.groupby("problem", sort=False):
        leaders = set(own["a"]) - set(own["b"])
        leading = own[own["a"].isin(leaders)]
        if leading.empty or not leading["outcome"].isin(("better", "equivalent")).all():
            return False
    return True
