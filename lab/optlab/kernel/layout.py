"""Layout of the arrays between Python and the kernel: plain integers, readable without Numba.

Each array's columns are numbered here and nowhere else. `Kernel.train` runs T trials of one model and takes (see `train.py` and
`trials.py` for what they do with them):

===============  =============================  ==================================================================
plan             int64[T, PLAN_COLUMNS]         how long, which order, which penalties
reals            float64[T, REAL_COLUMNS]       strengths and limits
model            int64[MODEL_COLUMNS]           addresses of the model, its contexts, their numbers of rows
w                real[T, block(n)]              start on entry, last parameters on return, n = plan[PLAN_PARAMETERS]
memory           real[memory_size(n, k)]        gradient, evaluation weights, scratch of k = scratch_size(...) elements
slots            real[T, ...]                   vector slots of all stages; start on entry
scalars          float64[T, ...]                scalar slots of all stages; start on entry
stages           int64[T, k, STAGE_COLUMNS]     the chain (abi.STAGE_*)
hyper            float64[T, rows, H]            hyper-parameters of all stages, one row per period of steps
layers           int64[L, LAYER_COLUMNS]        abi.LAYER_*; no rows for a model without layers
orders           int64[epochs or 0, rows]       explicit mini-batch orders; with any row the order policy is not used
permutation      int64[rows]                    memory of the drawn order
history          float64[T, E, HISTORY_COLUMNS] filled from row 0; history_rows(epochs, every) rows are enough
running          float64[T, steps or 0]         objective of each mini-batch before its update, when the plan asks
result           float64[T, RESULT_SIZE]        what happened, then working memory
averages         real[T, n or 0]                the weights that the last row of the history evaluates, where there is room
outputs          real[T, ...]                   as many elements from model[MODEL_OUTPUTS] on as there is room for, after each trial
statuses         int64[T]                       how each trial ended: DONE and the others below
stop             int64[1]                       polled at each step; anything but 0 ends the trials
===============  =============================  ==================================================================
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence

from optlab import requests

# -- what train returns ---------------------------------------------------------------------------------------------------

DONE = 0
DIVERGED = 1  # non-finite, or the cost beyond its bound
STUCK = 2  # never set here: a judgement about the finished curve
STOPPED = 3  # the stop flag or the time limit
ERROR = 4  # a stage made a request that is not served: result[RESULT_REQUEST]

# -- plan -----------------------------------------------------------------------------------------------------------------

(
    PLAN_EPOCHS,
    PLAN_BATCH,  # rows per mini-batch; the last of an epoch may be short; at least PLAN_ROWS: full batch
    PLAN_ROWS,  # rows of the training set (1 for an objective)
    PLAN_ORDER,  # ORDER_*
    PLAN_EVALUATE_EVERY,  # epochs between rows of the history; 0: only row 0 and the last epoch
    PLAN_L1_MODE,  # L1_*
    PLAN_L2_MODE,  # L2_*
    PLAN_PENALISE_BIASES,  # 0: only the W of the layer table; a model without layers is penalised whole
    PLAN_HYPER_PERIOD,  # steps per row of the hyper table, the last row lasting for ever; 0: row 0 always
    PLAN_LR_COLUMN,  # column of the learning rate in the hyper table (decoupled L2, proximal L1), -1: none
    PLAN_KEY0,  # the two 32-bit words of the order's key
    PLAN_KEY1,
    PLAN_CLOCK,  # address of clock_gettime, 0: seconds stay 0 and there is no time limit
    PLAN_CLOCK_ID,
    PLAN_RUNNING,  # 1: record the objective of each mini-batch
    PLAN_PENALTY_VALUE,  # 1: ask[ASK_COST] has the penalty in it at call 0 too (line searches); costs a pass over w
    PLAN_PARAMETERS,  # n
    PLAN_COLUMNS,
) = range(18)

ORDER_FRESH = 0  # a new permutation each epoch
ORDER_FIXED = 1  # one permutation, kept
ORDER_CUMULATIVE = 2  # each epoch shuffles the last order
ORDER_REPLACEMENT = 3  # rows drawn with replacement, as many as there are

L1_SUBGRADIENT = 0  # l1 * sign(w), sign(0) = 0, joins the gradient
L1_PROXIMAL = 1  # after the rule: soft threshold at lr * l1

L2_COUPLED = 0  # l2 * w joins the gradient
L2_DECOUPLED = 1  # before the rule: w *= 1 - lr * l2
L2_IN_MODEL = 2  # coupled, and the model itself adds it (abi.NET_L2): a pass over the parameters less

# -- reals ----------------------------------------------------------------------------------------------------------------

(
    REAL_L1,
    REAL_L2,
    REAL_BOUND,  # diverged when the mean cost exceeds bound * max(|initial|, DIVERGENCE_FLOOR); inf: no bound
    REAL_TIME_LIMIT,  # seconds of training, evaluation excluded; 0: none
    REAL_TERMS,  # a row's cost is this many terms: mean = sum / (rows * terms), scale = 1 / (rows * terms)
    REAL_COLUMNS,
) = range(6)

# -- model ----------------------------------------------------------------------------------------------------------------

(
    MODEL_GRADIENT,  # address, abi.model_gradient
    MODEL_CONTEXT,  # its context: the training rows
    MODEL_EVALUATE,  # address, abi.model_evaluate
    MODEL_TRAIN,  # contexts for the history and their numbers of rows; context 0: the set is absent, NaN in the history
    MODEL_TRAIN_ROWS,
    MODEL_VALIDATION,
    MODEL_VALIDATION_ROWS,
    MODEL_TEST,
    MODEL_TEST_ROWS,
    MODEL_HESSIAN_VECTOR,  # addresses of what serves a request (abi.server), in the order of requests; 0: it is not served
    MODEL_GAUSS_NEWTON,
    MODEL_SAMPLED_GRADIENT,
    MODEL_L2,  # address of the word that tells the model where the strength of its own L2 stands (L2_IN_MODEL), 0: it has none
    MODEL_OUTPUTS,  # address of what is copied after each trial
    MODEL_COLUMNS,
) = range(15)

# -- history --------------------------------------------------------------------------------------------------------------

(
    HISTORY_EPOCH,  # 0: before training
    HISTORY_STEP,
    HISTORY_SECONDS,  # training alone
    HISTORY_EVALUATIONS,  # calls of the model's gradient
    HISTORY_ROWS,  # rows those calls processed
    HISTORY_TRAIN_COST,  # mean, without penalty
    HISTORY_TRAIN_METRIC,  # *sum* over rows
    HISTORY_VALIDATION_COST,
    HISTORY_VALIDATION_METRIC,
    HISTORY_TEST_COST,
    HISTORY_TEST_METRIC,
    HISTORY_COLUMNS,
) = range(12)

# -- result ---------------------------------------------------------------------------------------------------------------

(
    RESULT_STEPS,  # updates done
    RESULT_EPOCHS,  # whole epochs done
    RESULT_SECONDS,
    RESULT_EVALUATIONS,
    RESULT_ROWS,
    RESULT_BAD_STEP,  # diverged: step (1, 2, ...) and epoch where it was seen, else -1: a bad cost before the update of its step,
    RESULT_BAD_EPOCH,  # a bad parameter after the last update of the epoch
    RESULT_BAD_LAYER,  # first layer with a non-finite parameter or gradient, or -1
    RESULT_BAD_COST,  # the mean cost of that mini-batch when it was non-finite, out of bounds or had a bad gradient; NaN if none
    RESULT_INITIAL_COST,  # mean cost before training that the bound refers to
    RESULT_HISTORY_ROWS,  # rows of the history written
    RESULT_REQUEST,  # the request that was not served, 0: none
    RESULT_COLUMNS,
) = range(13)

# Working memory behind the record: the two sums of an evaluation and the `ask` record (abi.ASK_*).
RESULT_SUMS = RESULT_COLUMNS
RESULT_ASK = RESULT_SUMS + 2
RESULT_SIZE = RESULT_ASK + 8

DIVERGENCE_FLOOR = 1e-8  # a run that starts at an exact fit may still move
REQUEST_LIMIT = 1000  # requests of one stage in one step; twice the number of parameters where that is more

# A network takes this many rows at a time through forward and backward. Part of the numerical result (order of summation).
CHUNK_ROWS = 512

# Packed products (`linalg`): a panel of B (two vectors wide) stays in the L1 cache, a block of A in the L2.
# Neither number is sharp. Products per pass over C: 22 KB of the panel of B, of an L1 cache of 32; at k = 784 and 1024, one series of
# measurements had depths from 192 to 392 within 2 % of one another. Bytes of A: of an L2 cache of 512 KB; a block of 128 KB was up to
# 8 % slower in one series, blocks between were not compared.
PANEL_DEPTH = 352
PANEL_BYTES_LEFT = 352 * 1024
PANEL_SLACK = 128  # whole vectors are stored behind the last line of a panel


def block(count: int) -> int:
    """Elements that a workspace block of `count` takes: blocks start at multiples of 16 elements."""
    return (count + 15) // 16 * 16


def workspace_rows(batch: int, largest_set: int) -> int:
    """Rows to size a network's workspace for: `batch` rows a gradient, `largest_set` rows the largest set evaluated."""
    return min(CHUNK_ROWS, max(batch, largest_set))


def product_scratch(m: int, n: int, k: int) -> int:
    """Elements of scratch that a product (m x k) @ (k x n) needs at most: its packed operands."""
    depth, columns = min(k, PANEL_DEPTH), (n + 15) // 16 * 16
    left = min((m + 6) * depth, PANEL_BYTES_LEFT // 4 + 12 * depth)
    return max(columns * depth + PANEL_SLACK + left, 16 * k) + 2 * PANEL_SLACK


def workspace_size(sizes: Sequence[int], rows: int) -> int:
    """Reals in the workspace of a network with these layer sizes, input first, for `rows` rows at a time."""
    scratch = max(product_scratch(*shape) for a, b in itertools.pairwise(sizes) for shape in itertools.permutations((rows, a, b)))
    return block(rows * sizes[0]) + block(rows * sizes[-1]) + sum(2 * block(rows * width) for width in sizes[1:]) + block(scratch)


def parameter_count(sizes: Sequence[int]) -> int:
    """Length of the flat parameter vector: per layer W (n_in x n_out, C order), then b."""
    return sum((a + 1) * b for a, b in itertools.pairwise(sizes))


def memory_size(parameters: int, scratch: int) -> int:
    """Reals in `memory`: gradient, evaluation weights (at [n:2n] on return, where a stage has them), scratch."""
    return 2 * parameters + max(scratch, 1)


def jacobian_lines(outputs: int) -> int:
    """Lines of the Jacobian that go into the Gauss-Newton matrix at once: of whole rows, about 64."""
    return outputs * max(1, 64 // outputs)


def scratch_size(parameters: int, outputs: int, asked: Collection[int]) -> int:
    """Reals of scratch for a chain whose stages may make the requests `asked`; outputs: of the network, 0 without one."""
    if not set(asked) - {requests.EVALUATE}:
        return 0
    if requests.GAUSS_NEWTON not in asked:
        return requests.MATRIX * parameters
    if outputs == 0:
        return (requests.MATRIX + parameters) * parameters
    lines = jacobian_lines(outputs)
    work = 2 * lines * parameters + outputs * (outputs + 4) + product_scratch(parameters, parameters, lines)
    return (requests.MATRIX + parameters) * parameters + work


def history_rows(epochs: int, evaluate_every: int) -> int:
    """Rows of history that are always enough: before training, each evaluation, the last epoch, the end of a broken one."""
    return 3 + (epochs // evaluate_every if evaluate_every > 0 else 0)
