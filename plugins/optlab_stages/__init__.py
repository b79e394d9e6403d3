"""Built-in stages around an optimizer, registered through the same entry points as anybody's.

A chain names stages and one optimizer in the order in which they run, wherever an optimizer is named: ``clip_norm+adam+lookahead``.
A stage before the optimizer changes the gradient, one behind it the weights. The chain's hyper-parameters are those of its parts; where
two parts share a name it is ``part.name``.
"""
