"""Built-in optimizers, registered through the same entry points as anybody's."""
