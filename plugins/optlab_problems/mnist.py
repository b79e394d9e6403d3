"""MNIST's handwritten digits and Fashion-MNIST's pieces of clothing: 70,000 images of 28 x 28 pixels, ten classes each.

scikit-learn fetches them from OpenML once and keeps them in its own cache (`sklearn.datasets.get_data_home`). Pixels are counts from 0 to
255; dividing by 255 brings them to [0, 1]. `samples` takes that many images, drawn once and the same for every study; all 70,000 as
float64 take 0.44 GB, and about three times that while they are split.
Sources: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Proceedings of the IEEE 86 (1998) 2278-2324; H. Xiao, K. Rasul and R. Vollgraf,
https://arxiv.org/abs/1708.07747; OpenML data sets mnist_784 and Fashion-MNIST, version 1.
"""

import http.client
import socket
import warnings
import zlib

import numpy as np

from optlab.plugin import Count, OptlabError, hookimpl, problem

ALL = 70_000
PATIENCE = 30
"""Seconds to wait for a server that does not answer; without it a firewall that drops packets holds one for minutes."""

BROKEN = (OSError, EOFError, ValueError, http.client.HTTPException, zlib.error)
"""No network, a server that refuses (both OSError) or hangs up, a damaged file."""

SIZE = (ALL, 784, 10)


def fetch(name, what, samples):
    """X (samples, 784) with counts from 0 to 255, y (samples,) the class numbers."""
    from sklearn.datasets import fetch_openml, get_data_home

    if samples > ALL:
        raise OptlabError(f"{what}: samples={samples} is more than there are; ask for at most {ALL}")
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # each failed attempt warns; the sentence below says it once
            data = fetch_openml(name, version=1, as_frame=False, n_retries=1, delay=0.5)
    except BROKEN as error:
        cause = " ".join(str(getattr(error, "reason", None) or error).split()) or type(error).__name__
        raise OptlabError(
            f"{what} is not in scikit-learn's cache {get_data_home()} and cannot be fetched from OpenML, which calls it {name!r} "
            f"({cause}); run this once with a network, or copy the folder openml from the cache of a machine that has one"
        ) from error
    finally:
        socket.setdefaulttimeout(before)
    X, y = np.asarray(data.data), np.asarray(data.target).astype(np.int64)
    if samples < len(X):
        chosen = np.random.default_rng(0).permutation(len(X))[:samples]
        X, y = X[chosen], y[chosen]
    return X, y


@problem(task="classification", scale=255.0, source="LeCun et al. 1998, Proceedings of the IEEE 86, 2278-2324; OpenML", size=SIZE)
def mnist(*, samples: Count = ALL):
    """Handwritten digits, 28 x 28 pixels, ten classes; downloaded from OpenML once."""
    return fetch("mnist_784", "mnist", samples)


@problem(task="classification", scale=255.0, source="Xiao et al. 2017, https://arxiv.org/abs/1708.07747; OpenML", size=SIZE)
def fashion_mnist(*, samples: Count = ALL):
    """Pieces of clothing, 28 x 28 pixels, ten classes; downloaded from OpenML once."""
    return fetch("Fashion-MNIST", "fashion_mnist", samples)


@hookimpl
def register_problems(register):
    register(mnist)
    register(fashion_mnist)
