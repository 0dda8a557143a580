"""The text lens: an exchange as ``text/plain``, sufficient by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from .bodies import (
    BodyKind,
    body_kind,
    body_text,
    clip,
    is_default_page,
    json_text,
    mimetype,
    printable,
    size,
    status_line,
)
from .exchange import Exchange, OutputPart
from .failure import FailedLine, Failure
from .masks import mask_header, mask_text, mask_url, visible_headers
from .response import ExchangeResponse

_MAX_HEADERS = 60
_MAX_HEADER = 300
_INDENT = "  "


def exchange_text(exchange: Exchange) -> str:
    """Return an exchange as text: summary, body, what was printed, traceback."""
    sections = [
        "\n".join(_summaries(exchange)),
        *(section for lens in _SECTIONS for section in lens(exchange)),
    ]
    return "\n\n".join(section for section in sections if section)


def _summaries(exchange: Exchange) -> Iterator[str]:
    for earlier in exchange.response.history:
        yield summary(earlier.exchange)  # type: ignore[attr-defined]
    yield summary(exchange)


def summary(exchange: Exchange) -> str:
    """Return the one line that says it all: ``GET /hello/Ann → 200 OK · text/html · 10 B``."""
    return f"{exchange.request} → {' · '.join([status_line(exchange.response.status), *details(exchange)])}"


def details(exchange: Exchange) -> list[str]:
    """Return what the summary says after the status."""
    response = exchange.response
    length = len(response.get_data())
    where = [f"to {printable(mask_url(response.location))}"] if response.location else []
    if not length and not exchange.truncated:
        return where
    return [
        *where,
        *filter(None, [printable(mimetype(response)), size(length)]),
        *filter(None, [exchange.truncated]),
    ]


def notes(exchange: Exchange) -> list[str]:
    """Return what there is to say about a response that is not what was asked for."""
    found = [exchange.note] if exchange.note else []
    if exchange.near_rules is not None:
        found.append(
            "no rule matches" + (f"; near: {', '.join(exchange.near_rules)}" if exchange.near_rules else "")
        )
    allowed = exchange.response.headers.get("Allow")
    if exchange.response.status_code == 405 and allowed:
        found.append(f"the rule answers {printable(mask_header('Allow', allowed))}")
    return found


def is_body_shown(exchange: Exchange) -> bool:
    """Tell whether the body adds anything: the stock page of an error that is explained anyway does not."""
    explained = exchange.failure is not None or exchange.near_rules is not None or bool(notes(exchange))
    return not (explained and is_default_page(exchange.response))


def _notes(exchange: Exchange) -> Iterator[str]:
    yield "\n".join(notes(exchange))


def _body(exchange: Exchange) -> Iterator[str]:
    if is_body_shown(exchange):
        yield _BODIES[body_kind(exchange.response)](exchange.response)


def _head(exchange: Exchange) -> Iterator[str]:
    if exchange.request.method in {"HEAD", "OPTIONS"}:
        yield "\n".join(f"{name}: {value}" for name, value in shown_headers(exchange))


def _output(exchange: Exchange) -> Iterator[str]:
    text = output_text(exchange)
    if text:
        yield f"printed:\n{_indented(text)}"


def _failure(exchange: Exchange) -> Iterator[str]:
    if exchange.failure:
        yield failure_text(exchange.failure, exchange.endpoint)


_SECTIONS: tuple[Callable[[Exchange], Iterator[str]], ...] = (_head, _notes, _body, _output, _failure)


def _clipped_body(text: str) -> str:
    part = clip(printable(text).rstrip("\n"))
    return part.text if part.hidden is None else f"{part.text}\n… {part.hidden}; all of it: _.text"


def _opaque(response: ExchangeResponse) -> str:
    return (
        f"({printable(mimetype(response)) or 'bytes'}, {size(len(response.get_data()))}; all of it: _.data)"
    )


_BODIES: dict[BodyKind, Callable[[ExchangeResponse], str]] = {
    "empty": lambda response: "",
    "html": lambda response: _clipped_body(body_text(response)),
    "json": lambda response: _clipped_body(json_text(body_text(response))),
    "text": lambda response: _clipped_body(body_text(response)),
    "image": _opaque,
    "binary": _opaque,
}


def shown_headers(exchange: Exchange) -> list[tuple[str, str]]:
    """Return the response's headers as both lenses show them, the same on each transport."""
    own = exchange.own_headers
    names = None if own is None else {name.lower() for name, _ in own}
    headers = [
        (printable(name), _shortened(printable(value)))
        for name, value in visible_headers(exchange.response.headers)
        if names is None or name.lower() in names
    ]
    return headers[:_MAX_HEADERS]


def _shortened(value: str) -> str:
    return value if len(value) <= _MAX_HEADER else f"{value[:_MAX_HEADER]}…"


def output_text(exchange: Exchange) -> str:
    """Return what the app printed, logged, warned of and displayed while it answered."""
    text = "".join(_part_text(part) for part in exchange.parts)
    part = clip(mask_output(printable(text)).rstrip("\n"))
    return part.text if part.hidden is None else f"{part.text}\n… {part.hidden}; all of it: _.exchange.output"


def _part_text(part: OutputPart) -> str:
    return part.text if part.text.endswith("\n") or part.kind in {"stdout", "stderr"} else f"{part.text}\n"


def mask_output(text: str) -> str:
    """Return printed text without URL credentials."""
    return re.sub(r"(?<=://)[^/@\s]+(?=@)", "…", text)


def failure_text(failure: Failure, endpoint: str | None = None) -> str:
    """Return a failure as text: the lines of the user's cells, the message, the values at hand."""
    lines = [
        f"{place}{f'   {source}' if source else ''}" for place, source in failed_lines(failure, endpoint)
    ]
    lines += [printable(failure.message), *_extra(failure)]
    if failure.cause is not None:
        lines += ["", "caused by:", _indented(failure_text(failure.cause, endpoint))]
    return "\n".join(lines)


def _extra(failure: Failure) -> Iterator[str]:
    for name, value in failure.variables:
        yield f"{_INDENT}{name} = {printable(mask_text(value))}"
    if failure.hint:
        yield failure.hint


def failed_lines(failure: Failure, endpoint: str | None) -> list[tuple[str, str]]:
    """Return each line of a failure as where it is and its source."""
    first = failure.lines[0].place if failure.lines else ""
    return [(_where(line, endpoint, first), printable(line.source)) for line in failure.lines]


def _where(line: FailedLine, endpoint: str | None, first: str) -> str:
    role = "view" if endpoint is not None and line.function == endpoint.rpartition(".")[2] else "in"
    elsewhere = f" of {line.place}" if line.place != first else ""
    return f"{role} {line.function}{elsewhere}, line {line.line}:"


def _indented(text: str) -> str:
    return "\n".join(f"{_INDENT}{line}" if line else "" for line in text.split("\n"))
