"""Two sides that keep the same few entries never miss one, however many are used at a time."""

import random

from optlab.study.recent import Recent


def test_what_is_lacking_is_sent_and_nothing_else() -> None:
    rng = random.Random(0)
    for most in (1, 3, 8):
        here, there, new, used = Recent(most), Recent(most), 0, 0
        for _ in range(300):
            given = {str(key): f"data {key}" for key in rng.sample(range(12), rng.randint(1, 12))}
            sent = here.lacking(given)
            new, used = new + sum(value is not None for value in sent.values()), used + len(sent)
            assert {key: there.use(key, value) for key, value in sent.items()} == given
            assert list(here) == list(there) and len(there) <= most
        assert 12 <= new < used
