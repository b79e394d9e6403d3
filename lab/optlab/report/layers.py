"""Where the boxes of a layered graph stand: parents above children, few crossings, lines that go around boxes.

Sugiyama, Tagawa, Toda, IEEE Trans. Systems, Man, Cybernetics 11 (1981) 109: layers by the longest way from a source, lines over
several layers through invisible boxes, order in a layer by the mean place of the neighbours. Places then by least squares.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_SWEEPS = 12


@dataclass(frozen=True)
class Layout:
    """Place of each box: ``layer`` (0 on top) and ``x`` of its centre.

    ``lines`` holds, for each (parent, child), the x it passes in each layer between them; ``width`` is that of the whole.
    """

    layer: list[int]
    x: list[float]
    lines: dict[tuple[int, int], list[float]]
    width: float


def layout(parents: Sequence[Sequence[int]], widths: Sequence[float], gap: float, narrow: float = 0.12) -> Layout:
    """Place boxes of these widths, every parent listed before its child; ``narrow`` is the room of a line that passes a layer."""
    count = len(parents)
    layer = [0] * count
    for k, above in enumerate(parents):
        layer[k] = 1 + max((layer[p] for p in above), default=-1)
    room, depth = list(widths), list(layer)
    up: list[list[int]] = [[] for _ in parents]
    down: list[list[int]] = [[] for _ in parents]
    passed: dict[tuple[int, int], list[int]] = {}
    for child, above in enumerate(parents):
        for parent in dict.fromkeys(above):
            way = []
            for level in range(layer[parent] + 1, layer[child]):
                way.append(len(room))
                room.append(narrow)
                depth.append(level)
                up.append([])
                down.append([])
            passed[parent, child] = way
            for one, other in zip((parent, *way), (*way, child), strict=True):
                down[one].append(other)
                up[other].append(one)
    rows: list[list[int]] = [[] for _ in range(max(depth, default=-1) + 1)]
    for k, level in enumerate(depth):
        rows[level].append(k)
    x = [0.0] * len(room)
    for row in rows:
        _place(row, [0.0] * len(row), room, gap, x)
    for sweep in range(2 * _SWEEPS):
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            near = up if sweep % 2 == 0 else down
            wanted = {k: _mean([x[each] for each in near[k]], x[k]) for k in row}
            if sweep < _SWEEPS:
                row.sort(key=wanted.__getitem__)
            else:
                wanted = {k: _mean([x[each] for each in (*up[k], *down[k])], x[k]) for k in row}
            _place(row, [wanted[k] for k in row], room, gap, x)
    left = min((x[k] - room[k] / 2 for k in range(len(room))), default=0.0)
    right = max((x[k] + room[k] / 2 for k in range(len(room))), default=0.0)
    x = [each - left for each in x]
    lines = {edge: [x[each] for each in way] for edge, way in passed.items()}
    return Layout(layer, x[:count], lines, right - left)


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _place(row: list[int], wanted: list[float], room: list[float], gap: float, x: list[float]) -> None:
    """Move a row as near to the wanted places as its order and distances allow (pool adjacent violators)."""
    offsets = [0.0]
    for one, other in pairwise(row):
        offsets.append(offsets[-1] + (room[one] + room[other]) / 2 + gap)
    blocks: list[tuple[float, int]] = []  # mean and number of boxes that touch
    for place, offset in zip(wanted, offsets, strict=True):
        mean, size = place - offset, 1
        while blocks and blocks[-1][0] > mean:
            before, number = blocks.pop()
            mean, size = (before * number + mean * size) / (number + size), number + size
        blocks.append((mean, size))
    means = [mean for mean, size in blocks for _ in range(size)]
    for k, mean, offset in zip(row, means, offsets, strict=True):
        x[k] = mean + offset
