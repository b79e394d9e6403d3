"""Chains: stages around an optimizer, written ``clip_norm+adam+lookahead``; each sees what the one before has made of w and g."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from optlab.base import NO_OPTIONS, Options
from optlab.errors import OptlabError
from optlab.hyper import HyperParameter, Value
from optlab.rules import Compiled, Rule, Tensor

SEPARATOR = "+"


@dataclass(frozen=True, eq=False)
class Chain(Rule):
    """Stages in the order in which they run, exactly one of them an optimizer.

    Its hyper-parameters are those of its parts; two of one name are called ``part.name``.
    """

    chained: tuple[Rule, ...] = ()
    names: tuple[Mapping[str, str], ...] = ()  # per part: its own name of a hyper-parameter -> the chain's
    kind: ClassVar[str] = "optimizer"

    @property
    def parts(self) -> tuple[Rule, ...]:
        return self.chained

    def part_values(self, values: Mapping[str, Value]) -> tuple[Mapping[str, Value], ...]:
        return tuple({own: values[name] for own, name in names.items()} for names in self.names)

    @property
    def slots(self) -> tuple[str, ...]:
        return tuple(slot for part in self.parts for slot in part.slots)

    def memory(self, tensors: Sequence[Tensor], values: Mapping[str, Value]) -> Iterator[tuple[str, int, float | slice]]:
        for part, own in zip(self.parts, self.part_values(values), strict=True):
            yield from part.memory(tensors, own)

    def scalars(self, tensors: Sequence[Tensor], values: Mapping[str, Value]) -> list[float]:
        return [first for part, own in zip(self.parts, self.part_values(values), strict=True) for first in part.scalars(tensors, own)]

    def flops(self, options: Options = NO_OPTIONS) -> float:
        return sum(part.flops(part.options(own)) for part, own in zip(self.parts, self.part_values(self.values(options)), strict=True))

    def step_flops(self, tensors: Sequence[Tensor], values: Mapping[str, Value]) -> float:
        return sum(part.step_flops(tensors, own) for part, own in zip(self.parts, self.part_values(values), strict=True))

    def compiled(self, dtype: str, options: Options = NO_OPTIONS) -> Compiled:
        raise NotImplementedError("a chain has no stage of its own: compile its parts")

    def digest(self, options: Options = NO_OPTIONS) -> str:
        values = self.values(options)
        digests = (part.digest(part.options(own)) for part, own in zip(self.parts, self.part_values(values), strict=True))
        return SEPARATOR.join(digests)


def chain(*rules: Rule) -> Chain:
    """The chain of these rules, in this order.

    Raises:
        OptlabError: not exactly one of them is an optimizer, or one comes twice.
    """
    name = SEPARATOR.join(rule.name for rule in rules)
    optimizers = [rule for rule in rules if not rule.transforms]
    if len(optimizers) != 1:
        found = ", ".join(rule.name for rule in optimizers) or "none"
        raise OptlabError(
            f"chain {name}: it needs exactly one optimizer among its stages and has {found}; write for example clip_norm+adam"
        )
    if len({rule.name for rule in rules}) < len(rules):
        raise OptlabError(f"chain {name}: a stage comes twice; each may be there once")
    often = Counter(own for rule in rules for own in rule.hyper)
    names = tuple({own: own if often[own] == 1 else f"{rule.name}.{own}" for own in rule.hyper} for rule in rules)
    hyper: dict[str, HyperParameter] = {
        called[own]: one for rule, called in zip(rules, names, strict=True) for own, one in rule.hyper.items()
    }
    verified = optimizers[0].verified if all(rule.verified for rule in rules) else ()
    return Chain(name, optimizers[0].function, hyper, verified=verified, chained=tuple(rules), names=names)
