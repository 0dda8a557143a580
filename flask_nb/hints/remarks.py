"""What is to be said of an answer that went well and is not what was meant.

This is asked for once an exchange of the notebook is over, never for what others ask.
"""

from __future__ import annotations

import ast
import inspect
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from flask_nb import hints

if TYPE_CHECKING:
    from flask_nb.engines.protocol import Engine

_MOST = 100_000  # bytes of a body that are looked at
_CHANGING = frozenset({"append", "extend", "insert", "remove", "update", "add", "pop", "clear"})


class Answer(NamedTuple):
    """An answer of the app.

    :param method: of the request.
    :param host: what the request was sent to.
    :param path: its path, without a query.
    :param sent: the headers of the request.
    :param status: of the answer.
    :param headers: those that the app has set.
    :param body: what came.
    :param view_args: the variables of the rule.
    :param view: the function that has answered.
    :param redirected_by: the ``Location`` that led here.
    """

    method: str
    host: str
    path: str
    sent: Iterable[tuple[str, str]]
    status: int
    headers: Iterable[tuple[str, str]]
    body: bytes
    view_args: Mapping[str, Any]
    view: Callable[..., Any] | None
    redirected_by: str | None = None

    def header(self, name: str) -> str:
        """Return the first header of that name, empty without one."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def mimetype(self) -> str:
        """The type of the body."""
        return self.header("content-type").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text, if it is one and not too long."""
        is_text = self.mimetype.startswith("text/") or "json" in self.mimetype
        return self.body.decode("utf-8", "replace") if is_text and len(self.body) <= _MOST else ""


def view_of(app: Any, endpoint: str | None, method: str) -> Callable[..., Any] | None:
    """Return the function behind an endpoint, without its decorators; of a class-based view its method."""
    view = inspect.unwrap(app.view_functions[endpoint]) if endpoint in app.view_functions else None
    cls = getattr(view, "view_class", None)
    if cls is None:
        return view
    found = getattr(cls, method.lower(), None) or getattr(cls, "dispatch_request", None)
    return None if found is None else inspect.unwrap(found)


def remarks_on(answer: Answer, engine: Engine | None) -> Iterator[str]:
    """Yield what is to be said of an answer."""
    for remark in _REMARKS:
        try:
            said = remark(answer, engine)
        except (Exception, SystemExit):  # what an app is made of is anybody's code
            continue
        if said:
            yield said


def _braces(answer: Answer, engine: Engine | None) -> str | None:
    """Find a variable of the rule in braces that went out as it stands: an f-string without its f."""
    for name in answer.view_args:
        function = hints.definition_of(answer.view)
        if function is not None and re.search(rf"(?<![{{$]){{{name}}}(?!}})", answer.text):
            found = (_as_it_stands(node, f"{{{name}}}") for node in hints.own_nodes(function))
            return next(filter(None, found), None)
    return None


def _as_it_stands(node: ast.AST, braces: str) -> str | None:
    """Say what to type where a text with such braces stands."""
    if isinstance(node, ast.Call) and hints.typed(node.func) == "render_template_string":
        is_here = braces in ast.unparse(node)
        advice = f"A template takes {{{{ {braces[1:-1]} }}}}"
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        is_here = braces in node.value
        is_short = len(node.value) < 40 and '"' not in repr(node.value)
        advice = "Type an f before the quotes" + (f': f"{node.value}"' if is_short else "")
    else:
        return None
    return f"line {node.lineno}: {braces} went out as it stands. {advice}" if is_here else None


def _not_json(answer: Answer, engine: Engine | None) -> str | None:
    """Find numbers in JSON that it does not have."""
    if "json" not in answer.mimetype or not re.search("NaN|Infinity", answer.text):
        return None
    for path, value in _numbers("$", json.loads(answer.text)):
        if not math.isfinite(value):
            name = "NaN" if math.isnan(value) else "infinite"
            return (
                f"{path} is {name}, which JSON does not have: other programs cannot read it. Send None for it"
            )
    return None


def _numbers(path: str, value: object) -> Iterator[tuple[str, float]]:
    if isinstance(value, float):
        yield path, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _numbers(f"{path}.{key}", one)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _numbers(f"{path}[{index}]", one)


def _at_end(answer: Answer, engine: Engine | None) -> str | None:
    """Find a file that was sent from its end."""
    length = answer.header("content-length")
    is_cut = not answer.body and length.isdecimal() and int(length) > 0 and answer.status == 200
    code = getattr(answer.view, "__code__", None)
    if not is_cut or answer.method == "HEAD" or code is None or "send_file" not in code.co_names:
        return None
    return "the file was read from its end. Type buffer.seek(0) before send_file, with the name of the file"


def _foreign_cookie(answer: Answer, engine: Engine | None) -> str | None:
    """Find a cookie for another domain than the one that was asked."""
    host = answer.host.partition(":")[0]
    for value in (value for name, value in answer.headers if name.lower() == "set-cookie"):
        from http.cookies import SimpleCookie  # few answers set one

        for cookie in SimpleCookie(value).values():
            domain = cookie["domain"].lstrip(".")
            if domain and host != domain and not host.endswith(f".{domain}"):
                return (
                    f"the cookie {cookie.key} is for {domain}, and is not kept for {host}. Leave out domain="
                )
    return None


def _unreadable(answer: Answer, engine: Engine | None) -> str | None:
    """Find an answer that the page which asks may not read."""
    origin = next((value for name, value in answer.sent if name.lower() == "origin"), "")
    is_foreign = urlsplit(origin).netloc not in ("", answer.host)
    if not is_foreign or answer.header("access-control-allow-origin"):
        return None
    return (
        f"a page of {origin} cannot read this: the answer has no Access-Control-Allow-Origin. "
        f"With Flask-CORS, type CORS(app)"
    )


def _endpoint(answer: Answer, engine: Engine | None) -> str | None:
    """Find an endpoint that was taken for a URL in a redirect."""
    if answer.status != 404 or answer.redirected_by is None or engine is None:
        return None
    is_endpoint = any(row.endpoint == answer.redirected_by for row in engine.routes())
    name = answer.redirected_by
    return f"{name!r} is an endpoint. Type redirect(url_for({name!r}))" if is_endpoint else None


def _static(answer: Answer, engine: Engine | None) -> str | None:
    """Find a static file that was asked for without the folder."""
    if answer.status != 404 or answer.view is not None or engine is None:
        return None
    name = answer.path.lstrip("/")
    folder = getattr(engine.app, "static_url_path", None)
    is_static = bool(name) and folder and name in engine.static_names()
    return f"the static file is at {folder}/{name}" if is_static else None


def _itself(answer: Answer, engine: Engine | None) -> str | None:
    """Find a redirect to where it comes from."""
    location = answer.header("location")
    if not 300 < answer.status < 400 or answer.redirected_by is None or location != answer.redirected_by:
        return None
    is_itself = urlsplit(location).path == answer.path
    return f"{answer.path} redirects to itself" if is_itself else None


def _in_place(answer: Answer, engine: Engine | None) -> str | None:
    """Find a change within what the session holds, which the session does not notice."""
    code = getattr(answer.view, "__code__", None)
    if code is None or "session" not in code.co_names or "modified" in code.co_names:
        return None
    if _CHANGING.isdisjoint(code.co_names) or answer.header("set-cookie"):
        return None
    function = hints.definition_of(answer.view)
    for node in hints.own_nodes(function) if function is not None else ():
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _CHANGING
            and re.fullmatch(r"session\[[^]]*\]", hints.typed(node.func.value))
        ):
            return (
                f"line {node.lineno}: the session does not notice a change within what it holds. "
                f"Add session.modified = True"
            )
    return None


_REMARKS = (_braces, _not_json, _at_end, _foreign_cookie, _unreadable, _endpoint, _static, _itself, _in_place)
