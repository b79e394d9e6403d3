"""Other libraries' implementations of update rules: what makes a rule *verified*. Nothing here imports one before it is run."""

from __future__ import annotations

from optlab.conformance.peers.optax_layers import LAYERED
from optlab.conformance.peers.optax_rules import OPTAX
from optlab.conformance.peers.published import PUBLISHED
from optlab.conformance.peers.published_layers import PUBLISHED_LAYERS
from optlab.conformance.peers.record import Peer, Unsupported
from optlab.conformance.peers.torch_muon import MUON
from optlab.conformance.peers.torch_optim import TORCH

__all__ = ["PEERS", "Peer", "Unsupported"]

PEERS: tuple[Peer, ...] = (*TORCH, MUON, *OPTAX, *LAYERED, *PUBLISHED, *PUBLISHED_LAYERS)
