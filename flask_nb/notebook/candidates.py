"""What can be typed next in the line of a magic: a table of magics, and one of flags.

A function of either table gets the :class:`Cursor` and returns the candidates, whole words whatever
is typed already; None leaves the place to IPython, which knows Python's names and files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from http import HTTPStatus
from types import ModuleType

from flask_nb import engines
from flask_nb.cells import cookies, serve
from flask_nb.cells.request_line import METHODS
from flask_nb.cells.rules import find_variables, split_rule
from flask_nb.engines import RouteRow
from flask_nb.exchange import ExchangeResponse

from . import surroundings
from .cursor import Candidates, Cursor, Offer

_URL_OPTIONS = {
    "_external": ("True", "False"),
    "_anchor": (),
    "_method": METHODS,
    "_scheme": ("http", "https"),
}
ARROW = "->"
_STATUSES = ("2xx", "3xx", "4xx", "5xx", *(str(int(status)) for status in HTTPStatus))


def find_candidates(cursor: Cursor) -> Candidates:
    """Return the words that fit at the cursor, whatever is typed of them; None: IPython may know."""
    if cursor.is_in_braces:
        return surroundings.expressions(cursor)
    if cursor.line.flag is not None:
        return _flag_values(cursor)
    if cursor.word.startswith("-"):
        return _flags(cursor)
    offer = POSITIONALS.get(cursor.magic.lstrip("%"))
    candidates = offer(cursor) if offer else ()
    if candidates is None or cursor.word:
        return candidates
    return list(candidates) or _flags(cursor)


def find_kind(cursor: Cursor, text: str) -> str:
    """Return what kind of word is offered at the cursor, which front ends show beside it.

    :param text: the word, or its end if the word has a beginning.
    """
    word = cursor.word or text
    if cursor.is_in_braces:
        return "instance"
    if cursor.line.flag is not None:
        return FLAG_KINDS.get(cursor.line.flag, "value")
    if word.startswith("-"):
        return "flag"
    first, later = KINDS.get(cursor.magic.lstrip("%"), ("value", "value"))
    kind = later if cursor.before else first
    return "path" if kind in {"endpoint", "method"} and word.startswith("/") else kind


# --- flags ---


def _flags(cursor: Cursor) -> list[str]:
    """Return the flags that are not in the line yet; the long form, where there is one."""
    used = {word.partition("=")[0] for word in cursor.line.words}
    found = []
    for flag in cursor.parser.flags():
        names = flag.option_strings
        if flag.default == [] or used.isdisjoint(names):  # a list: it may stand there more than once
            fitting = [name for name in names if name.startswith(cursor.word)]
            found.append((fitting or names)[-1])
    return found


def _flag_values(cursor: Cursor) -> Candidates:
    flags = [flag for flag in cursor.parser.flags() if cursor.line.flag in flag.option_strings]
    names = [name for flag in flags for name in flag.option_strings if name in FLAG_VALUES]
    choices = [choice for flag in flags for choice in flag.choices or ()]
    return choices or (FLAG_VALUES[names[0]](cursor) if names else None)


# --- kinds of words ---


def paths(cursor: Cursor) -> Candidates:
    """Offer the paths of routes, each up to the next variable of its rule."""
    return find_paths(cursor.routes, cursor.word) if not cursor.before else None


def request_words(cursor: Cursor) -> Candidates:
    """Offer the paths that answer the magic's method, static files among them; then files for items."""
    method = cursor.magic.lstrip("%").upper()
    return surroundings.item_files(cursor) if cursor.before else _asked_paths(cursor, method, cursor.word)


def check_words(cursor: Cursor) -> Candidates:
    """Offer what ``--try`` does, then files for items; behind the arrow statuses and what joins them."""
    if ARROW in cursor.line.words:
        return [*listed(_STATUSES, cursor), "not"] if cursor.line.words[-1] == ARROW else ["not", "as"]
    if not cursor.before:
        return [*METHODS, *_asked_paths(cursor, "GET", cursor.word)]
    if len(cursor.before) == 1 and cursor.before[0] in METHODS:
        return _asked_paths(cursor, cursor.before[0], cursor.word)
    return surroundings.item_files(cursor) or ([] if cursor.word else [ARROW])


def route_words(cursor: Cursor) -> Candidates:
    """Offer methods, then rules: those of the app, and converters behind ``<``."""
    if any(word.startswith("/") for word in cursor.before):
        return ()
    if not cursor.word.startswith("/"):
        return [*listed(METHODS, cursor), *(() if cursor.word else _rules(cursor))]
    return [*_rules(cursor), *_converters(cursor)]


def url_words(cursor: Cursor) -> Candidates:
    """Offer endpoints, or rules; then the variables of the one, and the values that are known."""
    if not cursor.before:
        return _rules(cursor) if cursor.word.startswith("/") else endpoints(cursor)
    routes = _named_routes(cursor, cursor.before[0])
    name, equals, _ = cursor.word.partition("=")
    if equals:
        values = _url_values(cursor, routes, name)
        return None if values is None else [f"{name}={value}" for value in values]
    variables = [variable.name for row in routes for variable in find_variables(row.pattern)]
    given = {word.partition("=")[0] for word in cursor.before[1:]}
    return [f"{name}=" for name in dict.fromkeys([*variables, *_URL_OPTIONS]) if name not in given]


def artifact_words(cursor: Cursor) -> Candidates:
    """Offer the notebook's variables, without its modules, functions and classes."""
    plain = (name for name, value in surroundings.variables(cursor) if not callable(value))
    return sorted(name for name in plain if not isinstance(cursor.host.ip.user_ns[name], ModuleType))


def explain_words(cursor: Cursor) -> Candidates:
    """Offer paths, endpoints and methods; then paths behind a method, and what a URL is built of."""
    method, *rest = cursor.before or ("",)
    if method in METHODS and not rest:
        return [
            *_asked_paths(cursor, method, cursor.word),
            *(() if "/" in cursor.word else endpoints(cursor)),
        ]
    if cursor.before:
        return () if method.startswith("/") and "<" not in method else url_words(cursor)
    if cursor.word.startswith("/"):
        return find_paths(cursor.routes, cursor.word)
    return [*endpoints(cursor), *METHODS, *(() if cursor.word else find_paths(cursor.routes, ""))]


def config_words(cursor: Cursor) -> Candidates:
    """Offer configuration files, then what else can be a source."""
    if cursor.magic.startswith("%%"):
        return ()
    scheme, colon, _ = cursor.word.partition(":")
    if colon:
        return [f"{scheme}:{name}" for name in surroundings.environment(scheme)]
    names = [*surroundings.config_files(cursor), "env:", "prefix:"]
    if cursor.word[:1].isupper():
        names += sorted(name for name, value in surroundings.variables(cursor) if isinstance(value, type))
        names += [f"{key}=" for key in (cursor.engine.config if cursor.engine else ())]
    return names


def first(offer: Callable[[Cursor], Iterable[str]]) -> Offer:
    """Offer something for the first word only."""
    return lambda cursor: () if cursor.before else offer(cursor)


def static_names(cursor: Cursor) -> Sequence[str]:
    """Offer the names of static files."""
    return cursor.engine.static_names() if cursor.engine else ()


def cookie_words(cursor: Cursor) -> Candidates:
    """Offer what can be done, then the names of cookies."""
    if not cursor.before:
        return cookies.ACTIONS
    action, *given = cursor.before
    served = cursor.host.apps.that_follows(cursor.app or cursor.host.followed.name)
    names = [cookie.name for cookie in served.cookies if cookie.name not in given] if served else []
    return [f"{name}=" for name in names] if action == "set" else names


def app_words(cursor: Cursor) -> Candidates:
    """Offer the variables that hold an app, and what can be done with one."""
    return [name for name in (*apps(cursor), "reset") if name not in cursor.before]


def exchanges(cursor: Cursor) -> list[str]:
    """Offer the variables that hold an exchange."""
    return sorted(
        name for name, value in surroundings.variables(cursor) if isinstance(value, ExchangeResponse)
    )


def apps(cursor: Cursor) -> list[str]:
    """Offer the variables that hold an app."""
    return sorted(name for name, value in surroundings.variables(cursor) if engines.is_app(value))


def endpoints(cursor: Cursor) -> list[str]:
    """Offer the endpoints."""
    return list(dict.fromkeys(sorted(row.endpoint for row in cursor.routes)))


def tries(cursor: Cursor) -> list[str]:
    """Offer paths, behind the method of the request where it has one."""
    method, space, path = cursor.word.rpartition(" ")
    return [f"{method}{space}{found}" for found in _asked_paths(cursor, method.strip() or "GET", path)]


def listed(names: Iterable[str], cursor: Cursor) -> list[str]:
    """Offer the names behind what is typed up to the last comma, those that stand there left out."""
    typed, comma, _ = cursor.word.rpartition(",")
    return [f"{typed}{comma}{name}" for name in names if name not in typed.upper().split(",")]


# --- paths and rules ---


def find_paths(routes: Iterable[RouteRow], typed: str) -> list[str]:
    """Return the paths that go on from what is typed, each up to the next variable of its rule.

    A path may be typed without its slash; what stands where a rule has a variable is its value.
    """
    slash = "" if typed.startswith("/") or not typed else "/"
    found = {_continue_path(row.pattern, slash + typed) for row in routes}
    return sorted(path.removeprefix(slash) for path in found - {None} if path)


def _continue_path(rule: str, typed: str) -> str | None:
    done = ""
    for piece in split_rule(rule):
        rest = typed[len(done) :]
        if isinstance(piece, str):
            if piece.startswith(rest):
                return done + piece
            if not rest.startswith(piece):
                return None
            done += piece
        else:
            value, slash, _ = rest.partition("/")
            if not (value and slash):
                return None
            done += value
    return None


def _asked_paths(cursor: Cursor, method: str, typed: str) -> list[str]:
    """Return the paths that answer a method; below the folder of static files, the files."""
    asked = {method, "GET"} if method == "HEAD" else {method}
    routes = [row for row in cursor.routes if method == "OPTIONS" or _answers(row, asked)]
    found = find_paths(routes, typed)
    static = next((row.rule.partition("<")[0] for row in routes if row.endpoint == "static"), None)
    if static is None or not typed.startswith(static):
        return found
    return [path for path in found if path != static] + [static + name for name in static_names(cursor)]


def _answers(row: RouteRow, asked: set[str]) -> bool:
    """Whether a route may answer one of these methods; some apps do not tell."""
    return not row.methods or not asked.isdisjoint(row.methods)


def _rules(cursor: Cursor) -> list[str]:
    return list(dict.fromkeys(row.rule for row in cursor.routes))


def _converters(cursor: Cursor) -> list[str]:
    """Return the rule as typed with each converter behind the variable's ``<``; ``any`` needs arguments."""
    opened = re.fullmatch(r"(.*<)\w*", cursor.word)
    if opened is None or cursor.engine is None:
        return []
    names = (name for name in cursor.engine.converters() if name != "default")
    return [opened[1] + ("any(" if name == "any" else f"{name}:") for name in names]


def _named_routes(cursor: Cursor, name: str) -> list[RouteRow]:
    """Return the routes of an endpoint or a rule; else those whose endpoint begins with the name."""
    exact = [row for row in cursor.routes if name in (row.endpoint, row.rule)]
    return exact or [row for row in cursor.routes if row.endpoint.startswith(f"{name}_")]


def _url_values(cursor: Cursor, routes: list[RouteRow], name: str) -> Candidates:
    if name == "filename" and any(row.endpoint == "static" for row in routes):
        return static_names(cursor)
    return _URL_OPTIONS.get(name)


POSITIONALS: dict[str, Offer] = {
    **dict.fromkeys(map(str.lower, METHODS), request_words),
    "app": app_words,
    "artifact": artifact_words,
    "browse": first(lambda cursor: _asked_paths(cursor, "GET", cursor.word)),
    "check (cell)": check_words,
    "config_from": config_words,
    "cookies": cookie_words,
    "exchange": first(exchanges),
    "explain": explain_words,
    "export": first(surroundings.folders),
    "request_context": paths,
    "route": route_words,
    "serve": first(lambda _cursor: serve.ACTIONS),
    "static": first(static_names),
    "template": first(lambda cursor: cursor.engine.template_names() if cursor.engine else ()),
    "url_for": url_words,
}
"""What each magic takes besides flags, by its name without percent signs."""

FLAG_VALUES: dict[str, Offer] = {
    "--app": apps,
    "--diff": exchanges,
    "--drop": endpoints,
    "--expect": partial(listed, _STATUSES),
    "--file": surroundings.http_files,
    "--notebook": surroundings.notebooks,
    **dict.fromkeys(("--method", "--methods", "--request"), partial(listed, METHODS)),
    "--try": tries,
}
"""What a flag takes, where its parser has no fixed choices."""

KINDS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(map(str.lower, METHODS), ("path", "file")),
    "app": ("app", "app"),
    "artifact": ("instance", "instance"),
    "browse": ("path", "path"),
    "check (cell)": ("method", "value"),
    "config_from": ("file", "file"),
    "cookies": ("action", "cookie"),
    "exchange": ("instance", "instance"),
    "explain": ("endpoint", "parameter"),
    "export": ("file", "file"),
    "request_context": ("path", "path"),
    "route": ("method", "method"),
    "serve": ("action", "action"),
    "static": ("file", "file"),
    "template": ("file", "file"),
    "url_for": ("endpoint", "parameter"),
}
"""Of what kind the first word of each magic is, and the later ones."""

FLAG_KINDS: dict[str, str] = {
    "--app": "app",
    "--diff": "instance",
    "--drop": "endpoint",
    "--expect": "status",
    "--file": "file",
    "--notebook": "file",
    **dict.fromkeys(("--method", "--methods", "--request", "-X"), "method"),
    "--try": "path",
}
"""Of what kind the value of a flag is."""
