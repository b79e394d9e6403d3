"""Which update rule it is: tapes of gradients, the known dialects along them, the one that is met or where all are left."""
