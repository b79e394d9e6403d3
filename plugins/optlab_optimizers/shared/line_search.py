"""A line search for the strong Wolfe conditions by reverse communication: bracket, then zoom, with cubic interpolation.

Nocedal and Wright, Numerical Optimization (2006), Algorithms 3.5 and 3.6, in the form of minFunc and ``torch.optim.LBFGS``. The state of
a search is an array of SIZE numbers; entry STEP is the step to evaluate next and, at the end, the step found.
"""

import numpy as np

SIZE = 18
STEP, COST, SLOPE = 0, 1, 2  # to be evaluated; at the start of the search
LAST, LAST_COST, LAST_SLOPE = 3, 4, 5  # the step evaluated before
ENDS, COSTS, SLOPES, LOW = 6, 8, 10, 12  # of the bracket, two each, and which end is the lower one
CALLS, ZOOM, SLOW, LENGTH = 13, 14, 15, 16  # evaluations; the bracket stands; the last trial fell near an end; largest component
NARROWEST = 1e-9  # a bracket in which no component of w would move further than this is not divided again


def cubic(a, cost_a, slope_a, b, cost_b, slope_b, low, high):
    """Minimum of the cubic through two points and slopes within [low, high]; the middle where it has none."""
    first = slope_a + slope_b - 3 * (cost_a - cost_b) / (a - b)
    square = first * first - slope_a * slope_b
    if not square >= 0:
        return (low + high) / 2
    if a > b:
        a, slope_a, b, slope_b = b, slope_b, a, slope_a
    at = b - (b - a) * ((slope_b + square**0.5 - first) / (slope_b - slope_a + 2 * square**0.5))
    return min(max(at, low), high) if at == at else (low + high) / 2


def begin(search, step, cost, slope, length):
    """Start a search with this step along a direction of this slope, whose largest component is `length`."""
    for i in range(len(search)):
        search[i] = 0.0
    search[STEP], search[COST], search[SLOPE], search[LENGTH] = step, cost, slope, length
    search[LAST_COST], search[LAST_SLOPE] = cost, slope


def advance(search, cost, slope, c1, c2, most):
    """Take cost and slope at STEP; True when the search is over, after at most `most` evaluations."""
    step, calls = search[STEP], search[CALLS]
    too_high = cost > search[COST] + c1 * step * search[SLOPE]
    flat = abs(slope) <= -c2 * search[SLOPE]
    low = int(search[LOW])
    if search[ZOOM] == 0:
        if flat and not (too_high or (calls > 1 and cost >= search[LAST_COST])):
            return True
        bracketed = too_high or (calls > 1 and cost >= search[LAST_COST]) or slope >= 0
        if not bracketed and calls + 1 < most:
            nearest = step + 0.01 * (step - search[LAST])
            further = cubic(search[LAST], search[LAST_COST], search[LAST_SLOPE], step, cost, slope, nearest, 10 * step)
            search[LAST], search[LAST_COST], search[LAST_SLOPE] = step, cost, slope
            search[STEP], search[CALLS] = further, calls + 1
            return False
        if not bracketed:  # as low as can be afforded
            search[STEP] = 0.0 if search[COST] <= cost else step
            return True
        search[ZOOM] = 1.0
        search[ENDS], search[COSTS], search[SLOPES] = search[LAST], search[LAST_COST], search[LAST_SLOPE]
        search[ENDS + 1], search[COSTS + 1], search[SLOPES + 1] = step, cost, slope
        low = 0 if search[COSTS] <= search[COSTS + 1] else 1
    else:
        high = 1 - low
        if too_high or cost >= search[COSTS + low]:
            search[ENDS + high], search[COSTS + high], search[SLOPES + high] = step, cost, slope
            low = 0 if search[COSTS] <= search[COSTS + 1] else 1
        else:
            if flat:
                return True
            if slope * (search[ENDS + high] - search[ENDS + low]) >= 0:
                for part in (ENDS, COSTS, SLOPES):
                    search[part + high] = search[part + low]
            search[ENDS + low], search[COSTS + low], search[SLOPES + low] = step, cost, slope
    search[LOW], search[CALLS] = low, calls + 1
    left, right = min(search[ENDS], search[ENDS + 1]), max(search[ENDS], search[ENDS + 1])
    if search[CALLS] >= most or not (right - left) * search[LENGTH] >= NARROWEST:
        search[STEP] = search[ENDS + low]
        return True
    step = cubic(search[ENDS], search[COSTS], search[SLOPES], search[ENDS + 1], search[COSTS + 1], search[SLOPES + 1], left, right)
    margin = 0.1 * (right - left)
    near = min(right - step, step - left) < margin
    if near and (search[SLOW] == 1 or step >= right or step <= left):
        step = right - margin if abs(step - right) < abs(step - left) else left + margin
        near = False
    search[SLOW], search[STEP] = 1.0 if near else 0.0, step
    return False


def slope_along(g, d):
    """Slope of the objective along d, in float64."""
    slope = 0.0
    for i in range(len(g)):
        slope += np.float64(g[i]) * d[i]
    return slope


def go(w, origin, step, d):
    """w = origin + step * d."""
    for i in range(len(w)):
        w[i] = origin[i] + step * d[i]
