"""Source text around array code of update rules: the emitted module cuts the flat memory into arrays and calls the author's function.

The author's function is compiled as it stands and put into the module by `load` under the name `rule`. A gradient that is not
finite never reaches it, because linear algebra on it raises: such a step makes all parameters nan. What a rule has asked for itself it
must look at: a trial point too far away is no reason to end. What it raises becomes a request
that nothing serves: an exception that left a C function would be printed and swallowed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optlab import requests

# What a function may ask for by naming a keyword argument without default, and where the stage finds it.
GIVEN: Mapping[str, str] = {
    "t": "t",  # the step, 1, 2, ...
    "bias": "bias",  # whether the tensor is a vector of biases; of rules over tensors
    "call": "int64(ask[ASK_CALL])",  # 0, then 1, 2, ... after each request served within the step
    "cost": "ask[ASK_COST]",  # the objective where the gradient was taken
    "rows": "int64(ask[ASK_ROWS])",  # rows in the mini-batch
    "terms": "int64(ask[ASK_TERMS])",  # terms that its mean cost divides by: rows, times outputs where the cost averages over those too
    "direction": f"carray(advance(scratch, {requests.DIRECTION} * n), (n,))",  # HESSIAN_VECTOR: what to multiply
    "answer": f"carray(advance(scratch, {requests.ANSWER} * n), (n,))",  # and the product
    "sampled": f"carray(advance(scratch, {requests.SAMPLED} * n), (n,))",  # SAMPLED_GRADIENT's gradient
    "matrix": f"carray(advance(scratch, {requests.MATRIX} * n), (n, n))",  # GAUSS_NEWTON's matrix
}

# The arguments by which a rule says what it may ask for, beside EVALUATE.
ASKING: Mapping[str, int] = {
    "direction": requests.HESSIAN_VECTOR, "matrix": requests.GAUSS_NEWTON, "sampled": requests.SAMPLED_GRADIENT,
}  # fmt: skip

Shapes = Mapping[str, tuple[str, ...]]


def keywords(names: Sequence[str], options: Mapping[str, Any]) -> list[str]:
    """The keyword-only arguments as the stage passes them, in the order of the signature."""
    out, column = [], 0
    for name in names:
        if name in GIVEN:
            out.append(GIVEN[name])
        elif name in options:
            out.append(repr(options[name]))
        else:
            out.append(f"hyper[{column}]")
            column += 1
    return out


def _tuple(words: Sequence[str]) -> str:
    return f"({', '.join(words)},)"


def _views(shapes: Shapes, options: Mapping[str, Any]) -> list[str]:
    """Lines that make an array of each slot and move on to the next slot's memory."""
    lines = []
    for slot, words in shapes.items():
        if not words:
            lines += [f"{slot} = carray(scalars, (1,))", "scalars = advance(scalars, 1)"]
            continue
        sizes = [str(options.get(word, word)) for word in words]
        lines += [f"{slot} = carray(slots, {_tuple(sizes)})", f"slots = advance(slots, {' * '.join(sizes)})"]
    return lines


def array_rule_source(
    name: str, dtype: str, shapes: Shapes, options: Mapping[str, Any], arguments: Sequence[str], whole: bool, asks: bool
) -> str:
    """Module with `stage_loop` around the author's `rule`; `arguments` is how it is called."""
    call = f"rule({', '.join(arguments)})"
    asked = [word for word in ("ASK_CALL", "ASK_COST", "ASK_ROWS", "ASK_TERMS") if any(word in each for each in arguments)]
    names = ["advance"] if not whole or shapes or "advance" in call else []
    if whole:
        names.append("stage")
        body = ["w, g = carray(w_at, (n,)), carray(g_at, (n,))", *_views(shapes, options)]
        body.append(f"request = {call}" if asks else call)
    else:
        names = ["LAYER_B", "LAYER_COLUMNS", "LAYER_IN", "LAYER_OUT", "LAYER_W", *names, "stage"]
        body = [
            "for k in range(max(1, 2 * n_layers)):",
            "    bias = k % 2 == 1 or n_layers == 0",
            "    at, rows, columns = 0, 1, n",
            "    if n_layers > 0:",
            "        row = advance(layers, k // 2 * LAYER_COLUMNS)",
            "        at, rows, columns = row[LAYER_B] if bias else row[LAYER_W], 1 if bias else row[LAYER_IN], row[LAYER_OUT]",
            "    w, g = carray(advance(w_at, at), (rows, columns)), carray(advance(g_at, at), (rows, columns))",
            *("    " + line for line in [*_views(shapes, options), call]),
        ]
    stage = "w_at, g_at, slots, hyper, t, n, scalars, layers, n_layers, scratch, ask"
    return "\n".join([
        f'"""{name}, stage in {dtype}: emitted by optlab around the author\'s array code."""', "",
        f"from numba import carray, {dtype} as real, int64", "", f"from optlab.abi import {', '.join(names)}",
        "from optlab.jit import callback", f"from optlab.requests import {', '.join([*asked, 'DONE', 'RAISED'])}", "", "",
        "@callback(stage(real))", f"def stage_loop({stage}):",
        "    doubt = real(0)", *(["    for i in range(n if ask[ASK_CALL] == 0 else 0):"] if asks else ["    for i in range(n):"]),
        "        doubt += g_at[i] - g_at[i]", "    if not doubt == 0:", "        for i in range(n):", "            w_at[i] = doubt",
        "        return DONE",
        "    request = DONE", "    try:", *("        " + line for line in body), "    except Exception:", "        return RAISED",
        "    return request", "",
    ])  # fmt: skip
