"""The one exception that a user sees: a sentence that says what, where, why and the remedy."""

LONGEST = 2000
"""Characters of a message."""


class OptlabError(Exception):
    """Bad input, a broken plugin, an unusable file.

    The message is one sentence on one line. The command line prints it on stderr without a traceback and exits with code 2. What a file or
    a plugin put into it can neither move the cursor of a terminal nor drown the rest: signs that do not print are written as escapes,
    and of a text longer than `LONGEST` the middle is left out.
    """

    def __init__(self, message: str) -> None:
        text = " ".join(message.split())
        if not text.isprintable():
            text = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
        if len(text) > LONGEST:
            text = f"{text[: LONGEST - 500]} [...] {text[-450:]}"
        super().__init__(text)


def nearest(name: str, known: "list[str] | tuple[str, ...]") -> str:
    """Return `` (did you mean 'x'?)`` for the closest known name, or an empty string."""
    import difflib

    found = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {found[0]!r}?)" if found else ""
