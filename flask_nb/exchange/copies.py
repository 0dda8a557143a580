"""A request in other notations: a command for curl, a script with requests, an editor's REST client, a test.

A copy is made to be given away, so no secret is in it: what the table of :mod:`.secrecy` calls one stands
as the name of an environment variable, ``$AUTHORIZATION``. Each notation is a function of a
:class:`Sending` that knows nothing of the others.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote

from .sending import Pairs, Secret, Sending, Upload, Value

WIDTH = 88
"""How long a line of Python may be, as formatters have it."""

_SAFE_IN_SHELL = re.compile(r"[\w@%+=:,./-]+", re.ASCII)


# --- curl -----------------------------------------------------------------------------------------


def as_curl(sending: Sending) -> str:
    """Return the command for a shell."""
    head = " ".join(["curl", *_curl_method(sending), _in_shell(*sending.url_parts)])
    options = [f"-H {_in_shell(f'{name}: ', value)}" for name, value in sending.headers]
    if sending.cookies:
        options.append(f"-b {_in_shell(*_cookie_parts(sending))}")
    return sending.remarks() + " \\\n  ".join([head, *options, *_curl_body(sending)])


def _curl_body(sending: Sending) -> Iterator[str]:
    if sending.json is not None:
        yield f"--data-raw {_in_shell(*_json_parts(sending.json))}"
    elif sending.uploads:
        yield from (f"-F {_in_shell(f'{name}=', value)}" for name, value in sending.form)
        yield from (f"-F {_in_shell(_curl_upload(each))}" for each in sending.uploads)
    elif sending.form:
        yield from (f"--data-urlencode {_in_shell(f'{name}=', value)}" for name, value in sending.form)
    elif isinstance(sending.text, Secret):
        yield "--data-binary @body"
    elif sending.text:
        yield f"--data-raw {_in_shell(sending.text)}"


def _cookie_parts(sending: Sending) -> Iterator[Value]:
    for place, (name, value) in enumerate(sending.cookies):
        yield f"{'; ' if place else ''}{name}="
        yield value


def _json_parts(value: Any) -> Iterator[Value]:
    """Yield JSON on one line, the quotes around a placeholder before and behind it."""
    text = json.dumps(value, ensure_ascii=False, default=lambda secret: f"\0{secret.variable}\0")
    for place, piece in enumerate(re.split(r"\\u0000", text)):
        yield Secret(piece) if place % 2 else piece


def _curl_method(sending: Sending) -> list[str]:
    has_body = sending.json is not None or bool(sending.form or sending.uploads or sending.text)
    if sending.method == "HEAD":
        return ["--head"]
    return [] if sending.method == ("POST" if has_body else "GET") else ["-X", sending.method]


def _curl_upload(upload: Upload) -> str:
    kind = f";type={upload.content_type}" if upload.content_type else ""
    return f"{upload.name}=@{upload.file_name}{kind}"


def _in_shell(*parts: Value) -> str:
    """Quote a word; where a placeholder is in it, the shell is to fill it in."""
    text = "".join(map(str, parts))
    if any(isinstance(part, Secret) for part in parts):
        return f'"{"".join(map(_in_double_quotes, parts))}"'
    return text if _SAFE_IN_SHELL.fullmatch(text) else "'" + text.replace("'", "'\\''") + "'"


def _in_double_quotes(part: Value) -> str:
    return str(part) if isinstance(part, Secret) else re.sub(r'[\\"`$]', r"\\\g<0>", part)


# --- an editor's REST client ----------------------------------------------------------------------


def as_http(sending: Sending) -> str:
    """Return the text of editors' REST clients, which ``%%http`` takes, too."""
    head = [f"{sending.method} {sending.url}", *(f"{name}: {value}" for name, value in sending.headers)]
    head += [f"Cookie: {''.join(map(str, _cookie_parts(sending)))}"] if sending.cookies else []
    body = ""
    if sending.json is not None:
        body = json.dumps(sending.json, ensure_ascii=False, indent=2, default=str)
    elif sending.uploads:
        head.append("Content-Type: multipart/form-data; boundary=boundary")
        body = _multipart_text(sending)
    elif sending.form:
        head.append("Content-Type: application/x-www-form-urlencoded")
        body = "&".join(
            f"{quote(name)}={value if isinstance(value, Secret) else quote(value)}"
            for name, value in sending.form
        )
    elif sending.text:
        body = "< ./body" if isinstance(sending.text, Secret) else sending.text
    return sending.remarks() + "\n".join([*head, *(["", body] if body else [])])


def _multipart_text(sending: Sending) -> str:
    fields = [
        f'--boundary\nContent-Disposition: form-data; name="{name}"\n\n{value}'
        for name, value in sending.form
    ]
    files = [
        f'--boundary\nContent-Disposition: form-data; name="{each.name}"; filename="{each.file_name}"\n'
        f"Content-Type: {each.content_type or 'application/octet-stream'}\n\n< ./{each.file_name}"
        for each in sending.uploads
    ]
    return "\n".join([*fields, *files, "--boundary--"])


# --- Python ---------------------------------------------------------------------------------------


def as_python(sending: Sending) -> str:
    """Return a script that uses requests."""
    name = sending.method.lower()
    opening = f"{name}(" if name in _VERBS else f"request({sending.method!r}, "
    call = call_text(f"response = requests.{opening}", _requests_arguments(sending))
    imports = ["import os\n"] if "os.environ[" in call else []
    script = "\n".join([*imports, "import requests\n", call, "print(response.status_code, response.text)"])
    return sending.remarks() + script


_VERBS = ("get", "post", "put", "patch", "delete", "head", "options")


def _requests_arguments(sending: Sending) -> Iterator[str]:
    yield from address_arguments(sending, "params")
    if headers := sending.without_json_type():
        yield f"headers={python_pairs(headers)}"
    if sending.cookies:
        yield f"cookies={python_pairs(sending.cookies)}"
    if sending.json is not None:
        yield f"json={python_text(sending.json)}"
    if sending.form:
        yield f"data={python_pairs(sending.form)}"
    if sending.uploads:
        files = (
            f'{python_text(each.name)}: open({python_text(each.file_name)}, "rb")' for each in sending.uploads
        )
        yield f"files={{{', '.join(files)}}}"
    if sending.text:
        yield f"data={raw_body(sending)}"


def address_arguments(sending: Sending, query: str) -> Iterator[str]:
    """Yield the address, and the query apart where a secret is in it.

    :param query: what the argument of the query is called.
    """
    has_secret = any(isinstance(value, Secret) for _, value in sending.query)
    yield python_text(f"{sending.base}{sending.path}" if has_secret else sending.url)
    if has_secret:
        yield f"{query}={python_pairs(sending.query)}"


def raw_body(sending: Sending) -> str:
    """Return the expression of a body that is neither JSON nor a form."""
    return 'open("body", "rb")' if isinstance(sending.text, Secret) else repr(sending.text.encode())


def python_pairs(pairs: Pairs) -> str:
    """Return pairs as a dict; a name that comes twice has a list."""
    values: dict[str, list[Value]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return python_text({name: each if len(each) > 1 else each[0] for name, each in values.items()})


def python_text(value: Any, room: int = WIDTH - 8) -> str:
    """Return a value as formatters write Python: on one line, or with an item on each.

    :param room: characters that the line has.
    """
    line = _on_one_line(value)
    if len(line) <= room or not value or not isinstance(value, (dict, list)):
        return line
    if isinstance(value, dict):
        items = [f"{_on_one_line(key)}: {python_text(item, room - 4)}" for key, item in value.items()]
    else:
        items = [python_text(item, room - 4) for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    inner = textwrap.indent("".join(f"{item},\n" for item in items), "    ")
    return f"{opening}\n{inner}{closing}"


def _on_one_line(value: Any) -> str:
    if isinstance(value, dict):
        pairs = (f"{_on_one_line(key)}: {_on_one_line(item)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_on_one_line, value))}]"
    if not isinstance(value, str) or '"' in value or "\\" in repr(value):
        return repr(value)
    return f'"{repr(value)[1:-1]}"'


def call_text(opening: str, arguments: Iterable[str], indent: str = "") -> str:
    """Return a call on one line, or with an argument on each where it is too long."""
    parts = list(arguments)
    line = f"{indent}{opening}{', '.join(parts)})"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    inner = [f"{indent}    {part}".replace("\n", f"\n{indent}    ") + "," for part in parts]
    return "\n".join([f"{indent}{opening}".rstrip(), *inner, f"{indent})"])


NOTATIONS: dict[str, Callable[[Sending], str]] = {"curl": as_curl, "http": as_http, "python": as_python}
"""How a request is written down, by what the notation is called."""
