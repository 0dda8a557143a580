"""The text writer: a panel as ``text/plain``, sufficient by itself."""

from __future__ import annotations

from collections.abc import Callable

from flask_nb.exchange.masks import indented

from .body import Body, BodyKind
from .panel import Panel
from .words import aligned, hex_dump, more

_HEX_ROWS = 4


def write_text(panel: Panel) -> str:
    """Return a panel as text: summary, body, what was printed, traceback."""
    body, exchange = panel.body, panel.exchange
    sections = [
        "\n".join(str(line) for line in (*panel.hops, panel.summary)),
        "\n".join(f"{name}: {value}" for name, value in panel.headers if panel.are_headers_the_answer),
        aligned(panel.steps),
        "\n".join(panel.notes),
        _BODIES[body.kind](body) if panel.is_body_shown else "",
        f"printed:\n{indented(panel.output)}" if panel.output else "",
        f"handled:\n{indented(exchange.traceback)}" if panel.handled else exchange.traceback,
    ]
    return "\n\n".join(section for section in sections if section)


def _json(body: Body) -> str:
    if body.json is None:
        return body.clipped
    return body.json.layout.text + more(body.json.layout.hidden, f"{body.name}.text")


def _caption(body: Body) -> str:
    return f"({body.caption})"


def _text(body: Body) -> str:
    return body.clipped


# A table or a picture says in HTML what the text of the body says here: it is the body that is compared.
_BODIES: dict[BodyKind, Callable[[Body], str]] = {
    "empty": lambda body: "",
    "html": _text,
    "json": _json,
    "csv": _text,
    "svg": _text,
    "image": _caption,
    "audio": _caption,
    "video": _caption,
    "text": _text,
    "binary": lambda body: f"{hex_dump(body.data, _HEX_ROWS)}\n({body.caption})",
}
