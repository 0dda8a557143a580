"""The line of ``%explain``: a request as ``%get`` takes it, or an endpoint as ``%url_for`` does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from flask_nb.errors import MagicArgumentError

from .arguments import MagicParser
from .items import Item, parse_item
from .request import RequestDefinition
from .request_line import METHODS, misspelt_method, parse_path
from .urls import UrlDefinition, find_stretch, parse_url_words

_PATH = re.compile(r"/|https?://|localhost\b|127\.0\.0\.1\b|\[::1\]|:\d|\{|[^=]*/")


@dataclass(frozen=True)
class ExplainDefinition:
    """What is to be explained: neither of the two for the last exchange that went wrong.

    :param request: a request that is not sent.
    :param url: a URL that is not used.
    :param app: the variable of another app than the current one.
    """

    request: RequestDefinition | None = None
    url: UrlDefinition | None = None
    app: str | None = None


@cache
def explain_parser() -> MagicParser:
    """Return the parser of ``%explain``."""
    parser = MagicParser(
        "%explain",
        "[[METHOD] PATH | ENDPOINT [name=value …]]",
        "Say what a request or a URL would come to, and why; nothing is sent.\n\n"
        "Of a path: which rules it comes to, in the router's order, what each converter said, and who\n"
        "answers. Of an endpoint: which rule its URL is built of, and what is missing. Alone: what became\n"
        "of the last request that went wrong or was redirected.",
        examples=(
            "%explain /items/7",
            "%explain POST /items/x",
            "%explain /items Host:api.example.org",
            "%explain item id=7 page=2",
            "%explain",
        ),
    )
    parser.add_words(
        "PATH",
        "a path or URL as %%get takes it, with Host:name behind it for another host; or an endpoint or "
        "a rule with name=value, as %%url_for takes them",
    )
    parser.add_app()
    return parser


def parse_explain(line: str) -> ExplainDefinition:
    """Parse the line of ``%explain``.

    :raises MagicArgumentError: when it is not understood.
    """
    arguments = explain_parser().parse_line(line, find_stretch)
    method, words = _split_method(arguments.words)
    if method is not None and not words:
        raise MagicArgumentError(f"the path is missing. Type one, such as %explain {method} /items")
    if not words:
        return ExplainDefinition(app=arguments.app)
    if _is_path(words):
        request = RequestDefinition(method or "GET", parse_path(words[0]), _items(words[1:]))
        return ExplainDefinition(request, app=arguments.app)
    url = parse_url_words(words)
    return ExplainDefinition(url=replace(url, method=method or url.method), app=arguments.app)


def _split_method(words: Sequence[str]) -> tuple[str | None, Sequence[str]]:
    """Return the method, if the line begins with one, and the other words."""
    if not words:
        return None, words
    first, *rest = words
    is_method = first in METHODS or (first.upper() in METHODS and _is_path(rest))
    is_other = re.fullmatch(r"[A-Z]+", first) is not None and _is_path(rest)
    if is_other and (meant := misspelt_method(first)):
        raise MagicArgumentError(f"{first!r} is not a method. Did you mean {meant}?")
    return (first.upper(), rest) if is_method or is_other else (None, words)


def _is_path(words: Sequence[str]) -> bool:
    """Whether it is a path; a rule with its variables is what a URL is built of."""
    return bool(words) and _PATH.match(words[0]) is not None and "<" not in words[0]


def _items(words: Sequence[str]) -> tuple[Item, ...]:
    """Return the headers among the items of a request line; routers look at nothing else of them."""
    items = (parse_item(word) for word in words if not word.startswith(("{", "[")))
    return tuple(item for item in items if item.kind == "header")
