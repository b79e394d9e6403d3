"""Built-in objectives, registered through the same entry points as anybody's."""
