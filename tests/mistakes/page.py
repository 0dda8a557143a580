"""The corpus as a page: ``python -m tests.mistakes.page`` writes ``docs/mistakes.md``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from .corpus import FAMILIES
from .mistake import APP, Mistake, cells_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "mistakes.md"

HEAD = f"""# Mistakes, and what a notebook says to them

What goes wrong with Flask in a notebook, by the message: the cell, what flask_nb answers, and the cell put
right. Each of these is a test. Messages of Python, Flask and Werkzeug stand as they are; what flask_nb adds
comes below.

The cells begin with `%load_ext flask_nb` and, unless they make the app themselves, with

```python
{APP.strip()}
```
"""

_UNLINKED = {ord(sign): None for sign in ",.:"}


def page() -> str:
    """Return the page as it is to be."""
    return "\n".join([HEAD, *_contents(), *(line for family in FAMILIES for line in _family(family))])


def _contents() -> Iterator[str]:
    for family in FAMILIES:
        title = _title(family)
        yield f"- [{title}](#{title.lower().translate(_UNLINKED).replace(' ', '-')})"
    yield ""


def _title(family: ModuleType) -> str:
    return str(family.__doc__).strip().partition("\n")[0].removesuffix(".")


def _family(family: ModuleType) -> Iterator[str]:
    yield f"## {_title(family)}\n"
    for mistake in family.MISTAKES:
        yield from _mistake(mistake)


def _mistake(mistake: Mistake) -> Iterator[str]:
    yield f"### {mistake.name[0].upper()}{mistake.name[1:]}\n"
    yield from _cells(mistake.wrong)
    yield "The answer says:\n"
    yield "\n".join(["```text", *mistake.says, "```", ""])
    yield "Put right:\n"
    yield from _cells(mistake.right)


def _cells(text: str) -> Iterator[str]:
    for cell in cells_of(text):
        yield f"```python\n{cell}\n```\n"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
