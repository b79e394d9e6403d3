"""Built-in activations, registered through the same entry points as anybody's."""
