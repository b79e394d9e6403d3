"""Every code block of the page on checking gradients runs, and prints what the page says it prints."""

import contextlib
import io
import re
from pathlib import Path

PAGE = (Path(__file__).parent.parent.parent / "docs" / "checking-gradients.md").read_text()


def test_the_blocks_print_what_the_page_says():
    names = {}
    blocks = re.findall(r"```(python|text)\n(.*?)```", PAGE, flags=re.DOTALL)
    assert [kind for kind, _ in blocks] == ["python", "text"] * 3
    for (_, code), (_, printed) in zip(blocks[::2], blocks[1::2], strict=True):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, "checking-gradients.md", "exec"), names)
        assert out.getvalue().startswith(printed), out.getvalue()
