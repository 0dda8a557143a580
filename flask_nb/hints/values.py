"""Values that are no response, and values that JSON does not have.

Those of other libraries are known by the names of their classes: nothing is imported for a hint.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType, MappingProxyType, MethodType
from typing import Any, NamedTuple

from flask_nb.wsgi import NotWSGIError

from .scene import Scene, definition_of, is_body, own_nodes, typed

_MOST = 10_000


class _Form(NamedTuple):
    """What a value is to be made into.

    :param returned: as a response; ``{}`` stands for the value as it was typed.
    :param in_json: within a value that is sent as JSON; what is to be typed around or behind the value.
    """

    returned: str
    in_json: str = ""


_PICTURE = 'buffer = io.BytesIO(); {}; buffer.seek(0); return send_file(buffer, "image/png")'
_PLOT = _Form(_PICTURE.format('plt.gcf().savefig(buffer, format="png")'))
_AS_TEXT = _Form("return str({})", "str(…) around it")
_AS_TEXT_OR_JSON = _Form("return str({}), or return jsonify({})")
_AS_LIST = _Form("return list({})", "list(…) around it")
_AS_PAGE = _Form("return {}.to_html()", ".to_dict() behind it")
_AS_DICT = _Form("return dict({})", "dict(…) around it")

_FORMS: Mapping[tuple[str, str], _Form] = MappingProxyType(
    {
        ("builtins", "int"): _AS_TEXT_OR_JSON,
        ("builtins", "float"): _AS_TEXT_OR_JSON,
        ("builtins", "bool"): _AS_TEXT_OR_JSON,
        ("builtins", "complex"): _AS_TEXT,
        ("builtins", "set"): _AS_LIST,
        ("builtins", "frozenset"): _AS_LIST,
        ("builtins", "range"): _AS_LIST,
        ("builtins", "dict_keys"): _AS_LIST,
        ("builtins", "dict_values"): _AS_LIST,
        ("builtins", "dict_items"): _AS_LIST,
        ("builtins", "generator"): _Form("return list({})", "list(…) around it"),
        ("builtins", "map"): _AS_LIST,
        ("builtins", "filter"): _AS_LIST,
        ("builtins", "zip"): _AS_LIST,
        ("builtins", "bytes"): _Form("return {}", ".decode() behind it"),
        ("builtins", "coroutine"): _Form(
            "return await {}, in an async def", "await before it, in an async def"
        ),
        ("datetime", "date"): _AS_TEXT,
        ("datetime", "time"): _AS_TEXT,
        ("datetime", "timedelta"): _AS_TEXT,
        ("decimal", "Decimal"): _AS_TEXT,
        ("fractions", "Fraction"): _AS_TEXT,
        ("uuid", "UUID"): _AS_TEXT,
        ("pathlib", "PurePath"): _Form("return send_file({}.absolute())", "str(…) around it"),
        ("sqlite3", "Row"): _AS_DICT,
        ("werkzeug", "Headers"): _AS_DICT,
        ("pandas", "DataFrame"): _Form(
            'return {}.to_html(), or return {}.to_dict("records")', '.to_dict("records") behind it'
        ),
        ("pandas", "Series"): _Form(
            "return {}.to_dict(), or return {}.to_frame().to_html()", ".to_list() behind it"
        ),
        ("polars", "DataFrame"): _Form("return {}.to_dicts()", ".to_dicts() behind it"),
        ("numpy", "generic"): _Form("return str({})", ".item() behind it"),
        ("numpy", "ndarray"): _Form("return {}.tolist()", ".tolist() behind it"),
        ("matplotlib", "Figure"): _Form(_PICTURE.format('{}.savefig(buffer, format="png")')),
        ("matplotlib", "Artist"): _PLOT,
        ("PIL", "Image"): _Form(_PICTURE.format('{}.save(buffer, "PNG")')),
        ("plotly", "Figure"): _AS_PAGE,
        ("altair", "Chart"): _AS_PAGE,
        ("folium", "Map"): _Form("return {}.get_root().render()"),
    }
)
"""By the library and the class: what to type."""


def _form_of(value: object) -> _Form | None:
    for cls in type(value).__mro__:
        if form := _FORMS.get((cls.__module__.partition(".")[0], cls.__name__)):
            return form
    return None


def _no_response(scene: Scene) -> str | None:
    """Say what to type for a value that is no response."""
    value = scene.local("rv", "make_response")
    if value is None or not scene.passed("make_response"):
        return None
    line, node = _returned(scene)
    typed_value = typed(node) if node is not None else "…"
    if isinstance(value, tuple):
        return _as_json(line, typed_value)
    if isinstance(value, (FunctionType, BuiltinFunctionType, MethodType)):
        if value.__name__ == "<lambda>":
            return None
        return f"{line}{value.__name__} is a function that was not called. Type return {typed_value}(…)"
    if _refused(scene) is not None:
        return None
    if isinstance(node, ast.Tuple) and len(node.elts) > 1 and isinstance(value, int):
        first, second, *rest = map(typed, node.elts)
        return f"{line}the status comes second. Type return {', '.join([second, first, *rest])}"
    form = _form_of(value)
    if form is None:
        return None
    what = f"a value of the type {type(value).__name__} is no response"
    return f"{line}{what}. Type {form.returned.replace('{}', _in_call(node, form, typed_value))}"


def _as_json(line: str, typed_value: str) -> str:
    return f"{line}a tuple is a text with a status and headers. For JSON, type return list({typed_value})"


def _texts(scene: Scene) -> str | None:
    """Say how a tuple of texts is sent, of which the second or third was taken for the status or headers."""
    line, node = _returned(scene)
    is_status = isinstance(scene.exc, NotWSGIError) and _NO_NUMBER in str(scene.exc)
    is_headers = scene.passed("make_response") and isinstance(scene.local("headers", "make_response"), str)
    if not isinstance(node, ast.Tuple) or any(isinstance(one, ast.Dict) for one in node.elts):
        return None  # with headers it is meant as a response
    if len(node.elts) > 1 and (is_status or is_headers):
        return _as_json(line, typed(node))
    return None


_NO_NUMBER = "the status '0 "  # Werkzeug's number for a status that is a word


def _in_call(node: ast.expr | None, form: _Form, text: str) -> str:
    """The value as it stands before a dot: with parentheses, unless it is a name or a call."""
    is_atom = isinstance(node, (ast.Name, ast.Call, ast.Attribute, ast.Subscript)) or node is None
    return text if is_atom or "{}." not in form.returned else f"({text})"


def _returned(scene: Scene) -> tuple[str, ast.expr | None]:
    """The line of the view's one return, as hints begin with it, and the expression."""
    function = definition_of(scene.view)
    if function is None:
        return "", None
    found: list[ast.Return | ast.Expr] = [
        node for node in own_nodes(function) if isinstance(node, ast.Return)
    ]
    last = function.body[-1]
    if is_body(scene.view) and isinstance(last, ast.Expr):
        found.append(last)
    if len(found) != 1 or found[0].value is None:
        return "", None
    return f"line {found[0].lineno}: ", found[0].value


def _refused(scene: Scene) -> Any:
    """What JSON does not have; None if the error is not about that."""
    if not str(scene.exc).partition("\n")[0].endswith("is not JSON serializable"):
        return None
    return scene.local("o", "default", "_default")


def _not_json(scene: Scene) -> str | None:
    """Say where in a value that is sent as JSON something else stands, and what to type for it."""
    value = _refused(scene)
    if value is None or isinstance(scene.local("rv", "make_response"), (FunctionType, BuiltinFunctionType)):
        return None
    form = _form_of(value)
    if form is _PLOT:
        return f"a plot is sent as the picture of its figure. Type {form.returned}"
    path = _path_to(value, scene.local("obj", "dumps", "iterencode", "encode"))
    if path is None:
        return None
    name = type(value).__name__
    if form is not None and form.in_json:
        advice = f"Type {form.in_json}"
    elif type(value).__module__ == "__main__" and getattr(value, "__dict__", None):
        advice = "Type vars(…) around it, or name its fields in a dictionary"
    else:
        advice = "Put what is to be sent of it into a dictionary"
    return f"{path} is of the type {name}, which JSON does not have. {advice}"


def _path_to(value: object, root: object) -> str | None:
    """Where a value stands in what was to be sent, as a JSON path."""
    pending, seen = [("$", root)], 0
    while pending and seen < _MOST:
        path, node = pending.pop(0)
        seen += 1
        if node is value:
            return path
        if isinstance(node, Mapping):
            pending += [(f"{path}.{key}", one) for key, one in node.items()]
        elif isinstance(node, (list, tuple)):
            pending += [(f"{path}[{index}]", one) for index, one in enumerate(node)]
    return None


def _streamed(scene: Scene) -> str | None:
    """Say what a stream is made of."""
    if "for a part of the body" not in str(scene.exc):
        return None
    if not scene.is_foreign:
        return "a view that streams yields text or bytes. Type yield str(…)"
    if "gave str" in str(scene.exc):
        return "a WSGI app answers with a list of bytes. Type .encode() behind the text"
    is_bytes = "gave int" in str(scene.exc)  # what bytes are made of
    return "a WSGI app answers with a list of bytes. Type return [b'…']" if is_bytes else None


HINTS = (
    (NotWSGIError, _streamed),
    ((NotWSGIError, ValueError), _texts),
    (TypeError, _not_json),
    (TypeError, _no_response),
)
