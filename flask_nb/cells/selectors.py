"""CSS selectors, through beautifulsoup4: the extra ``check``."""

from __future__ import annotations

import re
import warnings
from importlib.util import find_spec

from flask_nb.errors import MagicArgumentError

INSTALL = 'pip install "flask_nb[check]"'
"""What brings beautifulsoup4."""

_ELEMENT = re.compile(
    r"a|abbr|address|area|article|aside|audio|b|base|bdi|bdo|blockquote|body|br|button|canvas|caption"
    r"|cite|code|col|colgroup|data|datalist|dd|del|details|dfn|dialog|div|dl|dt|em|embed|fieldset"
    r"|figcaption|figure|footer|form|h1|h2|h3|h4|h5|h6|head|header|hgroup|hr|html|i|iframe|img|input|ins"
    r"|kbd|label|legend|li|link|main|map|mark|menu|meta|meter|nav|noscript|object|ol|optgroup|option"
    r"|output|p|picture|pre|progress|q|rp|rt|ruby|s|samp|script|search|section|select|slot|small|source"
    r"|span|strong|style|sub|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th|thead|time|title"
    r"|tr|track|u|ul|var|video|wbr|path|rect|circle|item|entry"
)
_FIRST_WORD = re.compile(r"[A-Za-z]\w*(?!\S)")


def require_selectors() -> None:
    """Check that selectors can be looked for.

    :raises MagicArgumentError: when beautifulsoup4 is not there.
    """
    if find_spec("bs4") is None:
        raise MagicArgumentError(f"a check with a CSS selector needs beautifulsoup4. Type %{INSTALL}")


def is_unknown_word(selector: str) -> bool:
    """Say whether a selector begins with a word by itself that is no element: a text without its quotes."""
    found = _FIRST_WORD.match(selector)
    return found is not None and not _ELEMENT.fullmatch(found[0].lower())


def check_selector(selector: str) -> None:
    """Check that a text is a selector, as far as that can be told without beautifulsoup4.

    :raises MagicArgumentError: when it is none.
    """
    if find_spec("soupsieve") is None:
        return
    from soupsieve import SelectorSyntaxError, compile

    try:
        with warnings.catch_warnings(action="ignore"):  # of an older spelling
            compile(selector)
    except SelectorSyntaxError as exc:
        reason = str(exc).partition("\n")[0]
        raise MagicArgumentError(f"{selector!r} is not a CSS selector: {reason}") from None


def find_texts(page: str, selector: str) -> list[str]:
    """Return the texts of the elements that a selector finds, white space in them as one space."""
    from bs4 import BeautifulSoup

    with warnings.catch_warnings(action="ignore"):  # a page may look like a file's name, or be XML
        elements = BeautifulSoup(page, "html.parser").select(selector)
    return [" ".join(element.get_text().split()) for element in elements]
