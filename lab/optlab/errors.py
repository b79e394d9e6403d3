"""The one exception that a user sees: a sentence that says what, where, why and the remedy."""


class OptlabError(Exception):
    """Bad input, a broken plugin, an unusable file.

    The message is one sentence. The command line prints it on stderr without a traceback and exits with code 2.
    """


def nearest(name: str, known: "list[str] | tuple[str, ...]") -> str:
    """Return `` (did you mean 'x'?)`` for the closest known name, or an empty string."""
    import difflib

    found = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {found[0]!r}?)" if found else ""
