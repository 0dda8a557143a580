"""What to type instead when a view looked for another kind of body than was sent."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from werkzeug.http import parse_options_header

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def body_hints(reads: Collection[str], content_type: str) -> Iterator[str]:
    """Yield a sentence if the view read the body as what it is not.

    A view that reads it both ways knows what it does.

    :param reads: ``form`` and ``json``, as far as the view has asked for them.
    :param content_type: that of the request.
    """
    mimetype = parse_options_header(content_type)[0].lower()
    is_json = mimetype == "application/json" or mimetype.endswith("+json")
    if set(reads) == {"form"} and is_json:
        yield "the view reads form fields, and the body is JSON: send it with --form"
    elif set(reads) == {"json"} and mimetype in _FORMS:
        yield "the view reads JSON, and the body is a form: send it with --json"
