"""The text lens: an exchange as ``text/plain``, sufficient by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from .bodies import BodyKind, clipped, is_default_page, is_redirect_page, printable, size, status_line
from .exchange import Exchange, OutputPart
from .failure import FailedLine, Failure
from .json_layout import laid_out
from .masks import VOLATILE, mask_header, mask_text, mask_url, visible_headers
from .media import hex_text, opaque_text
from .shown import ShownBody

_MAX_HOPS = 6
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
    for hop in hops(exchange):
        yield hop if isinstance(hop, str) else summary(hop)
    yield summary(exchange)


def hops(exchange: Exchange) -> Iterator[Exchange | str]:
    """Yield the redirects that led here; of many the first and the last, and between them their number."""
    earlier: list[Exchange] = [response.exchange for response in exchange.response.history]  # type: ignore[attr-defined]
    if len(earlier) <= _MAX_HOPS:
        yield from earlier
        return
    yield from earlier[: _MAX_HOPS - 2]
    yield f"… {len(earlier) - _MAX_HOPS + 1} more redirects"
    yield earlier[-1]


def summary(exchange: Exchange) -> str:
    """Return the one line that says it all: ``GET /hello/Ann → 200 OK · text/html · 10 B``."""
    return f"{exchange.request} → {' · '.join([status_line(exchange.response.status), *details(exchange)])}"


def details(exchange: Exchange) -> list[str]:
    """Return what the summary says after the status."""
    body, location = ShownBody(exchange), exchange.response.location
    where = f"to {printable(mask_url(location))}" if location else ""
    is_news = (body.data or exchange.truncated) and not is_redirect_page(exchange.response)
    kind = printable(body.mimetype) if is_news else ""
    length = size(len(body.data)) if is_news and not body.is_masked else ""
    elapsed = duration(exchange.elapsed) if exchange.display.elapsed else ""
    return [part for part in (where, kind, length, exchange.truncated, elapsed) if part]


def duration(seconds: float) -> str:
    """Return a time for people: ``0.4 ms``, ``12 ms``, ``1.5 s``."""
    if seconds >= 0.9995:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.1f} ms" if seconds < 0.00995 else f"{seconds * 1000:.0f} ms"


def notes(exchange: Exchange) -> list[str]:
    """Return what there is to say about a response that is not what was asked for."""
    found = [printable(words) for words in dict.fromkeys(exchange.notes)]
    if ShownBody(exchange).is_beyond_masks:
        found.append("nothing is masked: the body is longer than 2 MB")
    if exchange.near_rules is not None:
        found.append(
            "no rule matches" + (f"; near: {', '.join(exchange.near_rules)}" if exchange.near_rules else "")
        )
    allowed = exchange.response.headers.get("Allow")
    if exchange.response.status_code == 405 and allowed:
        found.append(f"the rule answers {printable(mask_header('Allow', allowed))}")
    return found


def is_body_shown(exchange: Exchange) -> bool:
    """Tell whether the body adds anything: the stock page of what is explained anyway does not."""
    if is_redirect_page(exchange.response):
        return False
    explained = exchange.failure is not None or exchange.near_rules is not None or bool(notes(exchange))
    return not (explained and is_default_page(exchange.response))


def are_headers_the_answer(exchange: Exchange) -> bool:
    """Tell whether the headers are what was asked for."""
    return exchange.request.method in {"HEAD", "OPTIONS"}


def _notes(exchange: Exchange) -> Iterator[str]:
    yield "\n".join(notes(exchange))


def _body(exchange: Exchange) -> Iterator[str]:
    if is_body_shown(exchange):
        body = ShownBody(exchange)
        yield _BODIES[body.kind](body)


def _head(exchange: Exchange) -> Iterator[str]:
    if are_headers_the_answer(exchange):
        yield "\n".join(f"{name}: {value}" for name, value in shown_headers(exchange))


def _output(exchange: Exchange) -> Iterator[str]:
    text = output_text(exchange)
    if text:
        yield f"printed:\n{_indented(text)}"


def _failure(exchange: Exchange) -> Iterator[str]:
    if exchange.failure:
        yield failure_text(exchange.failure, exchange.endpoint)


_SECTIONS: tuple[Callable[[Exchange], Iterator[str]], ...] = (_head, _notes, _body, _output, _failure)


def _text(body: ShownBody) -> str:
    return clipped(body.text, "_.text")


def _json(body: ShownBody) -> str:
    try:
        return clipped(body.text if body.json is None else laid_out(body.json.value), "_.text")
    except RecursionError:
        return clipped(body.text, "_.text")


def _opaque(body: ShownBody) -> str:
    return f"({opaque_text(body)})"


# A table or a picture says in HTML what the text of the body says here: it is the body that is compared.
_BODIES: dict[BodyKind, Callable[[ShownBody], str]] = {
    "empty": lambda body: "",
    "html": _text,
    "json": _json,
    "csv": _text,
    "svg": _text,
    "image": _opaque,
    "audio": _opaque,
    "video": _opaque,
    "text": _text,
    "binary": hex_text,
}


def shown_headers(exchange: Exchange) -> list[tuple[str, str]]:
    """Return the response's headers as both lenses show them, the same on each transport."""
    own = exchange.own_headers
    names = None if own is None else {name.lower() for name, _ in own}
    headers = [
        pair
        for pair in visible_headers(exchange.response.headers)
        if names is None or pair[0].lower() in names
    ]
    if ShownBody(exchange).is_masked:
        headers = [(name, VOLATILE if name.lower() == "content-length" else text) for name, text in headers]
    return _bounded(headers)


def sent_headers(exchange: Exchange) -> list[tuple[str, str]]:
    """Return the request's headers as they are shown."""
    return _bounded(visible_headers(exchange.request.headers))


def _bounded(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [
        (_shortened(printable(name)), _shortened(printable(text))) for name, text in headers[:_MAX_HEADERS]
    ]


def _shortened(value: str) -> str:
    return value if len(value) <= _MAX_HEADER else f"{value[:_MAX_HEADER]}…"


def output_text(exchange: Exchange) -> str:
    """Return what the app printed, logged, warned of and displayed while it answered."""
    text = "".join(_part_text(part) for part in exchange.parts)
    return clipped(mask_output(text), "_.exchange.output")


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
