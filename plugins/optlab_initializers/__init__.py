"""Built-in initializers, registered through the same entry points as anybody's."""
