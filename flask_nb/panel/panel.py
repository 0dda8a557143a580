"""What a panel says of an exchange, before anybody decides how it looks.

The two writers, :mod:`.text` and :mod:`.html`, find everything here: what is shown at all, in which words,
what is masked, what is cut. So they cannot differ in it, and each thing is worked out once, however many
of them ask. A panel is made for one display: notes may still be added to an exchange afterwards.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from flask_nb import exchange as exchanges
from flask_nb.exchange import Exchange
from flask_nb.exchange.exchange import OutputPart
from flask_nb.exchange.masks import VOLATILE, mask_secrets, mask_url, mask_value, printable
from flask_nb.exchange.request import readable_path
from flask_nb.exchange.stable import stable_text

from .body import Body
from .headers import mask_header, visible_headers
from .options import Display
from .words import clipped, duration, size, status_line

if TYPE_CHECKING:
    from flask_nb.exchange import Failure, Step

    from .inlining import Page

_MAX_HOPS = 6
_MAX_HEADERS = 60
_MAX_HEADER = 300
_MAX_PICTURES = 120_000  # characters of all together


class Summary:
    """The one line that says it all: ``GET /hello/Ann → 200 OK · text/html · 10 B``.

    :param details: what is said after the status.
    """

    __slots__ = ("details", "method", "path", "status")

    def __init__(self, method: str, path: str, status: str, details: list[str]) -> None:
        self.method = method
        self.path = path
        self.status = status
        self.details = details

    def __str__(self) -> str:
        return f"{self.method} {self.path} → {' · '.join([self.status, *self.details])}"


class Panel:
    """What is shown of an exchange.

    :param exchange: what is shown.
    :param display: how.
    :param page: an HTML body with the app's own files in it; None if they were not asked for.
    """

    def __init__(self, exchange: Exchange, display: Display, page: Page | None = None) -> None:
        self.exchange = exchange
        self.display = display
        self.page = page
        self.body = Body(exchange, display)

    @cached_property
    def hops(self) -> list[Summary | str]:
        """The redirects that led here; of many the first and the last, and between them their number."""
        earlier = [each.exchange for each in self.exchange.response.history]
        left_out = len(earlier) - _MAX_HOPS + 1 if len(earlier) > _MAX_HOPS else 0
        kept = earlier[: _MAX_HOPS - 2] + earlier[-1:] if left_out else earlier
        lines: list[Summary | str] = [Panel(each, self.display).summary for each in kept]
        return [*lines[:-1], f"… {left_out} more redirects", lines[-1]] if left_out else lines

    @cached_property
    def summary(self) -> Summary:
        """The request, the status, and what else there is to say on one line."""
        request, response, body = self.exchange.request, self.exchange.response, self.body
        location, truncated = response.location, self.exchange.truncated or ""
        is_news = (body.data or truncated) and not body.is_redirect_page
        details = (
            f"to {printable(mask_url(location))}" if location else "",
            printable(body.mimetype) if is_news else "",
            size(len(body.data)) if is_news and not body.is_masked else "",
            truncated,
            duration(self.exchange.elapsed) if self.display.elapsed else "",
        )
        status = status_line(response.status)
        return Summary(
            request.method, readable_path(request.path), status, [part for part in details if part]
        )

    @cached_property
    def notes(self) -> list[str]:
        """What there is to say about a response that is not what was asked for."""
        exchange = self.exchange
        found = [printable(words) for words in dict.fromkeys(exchange.notes)]
        if self.body.is_beyond_masks:
            found.append("nothing is masked: the body is longer than 2 MB")
        if exchange.near_rules is not None:
            near = f"; near: {', '.join(exchange.near_rules)}" if exchange.near_rules else ""
            found.append(f"no rule matches{near}")
        if exchange.endpoint is not None and self.body.is_bare_not_found:
            # Its page speaks of a URL that was not found, and the URL did reach a view.
            found.append(f"the view {printable(exchange.endpoint)} itself answered 404")
        allowed = exchange.response.headers.get("Allow")
        if exchange.response.status_code == 405 and allowed:
            found.append(f"the rule answers {printable(mask_header('Allow', allowed))}")
        return found

    @property
    def handled(self) -> Failure | None:
        """What a handler of the app has answered in place of the view."""
        failure = self.exchange.failure
        return failure if failure is not None and failure.is_handled else None

    @property
    def failure(self) -> Failure | None:
        """What has gone wrong and is the answer."""
        return None if self.handled else self.exchange.failure

    @cached_property
    def is_body_shown(self) -> bool:
        """Whether the body adds anything: the stock page of what is explained anyway does not."""
        if self.body.is_redirect_page:
            return False
        is_explained = self.failure is not None or bool(self.notes)
        return not (is_explained and self.body.is_default_page)

    @property
    def are_headers_the_answer(self) -> bool:
        """Whether the headers are what was asked for."""
        return self.display.headers or self.exchange.request.method in {"HEAD", "OPTIONS"}

    @cached_property
    def headers(self) -> list[tuple[str, str]]:
        """The response's headers: those that the app set, so that they are the same on each transport."""
        own = self.exchange.own_headers
        names = None if own is None else {name.lower() for name, _ in own}
        headers = visible_headers(
            (name, VOLATILE if self.body.is_masked and name.lower() == "content-length" else text)
            for name, text in self.exchange.response.headers
            if names is None or name.lower() in names
        )
        return _bounded(headers)

    @cached_property
    def sent_headers(self) -> list[tuple[str, str]]:
        """The headers that the request gives itself."""
        return _bounded(visible_headers(self.exchange.request.headers))

    @cached_property
    def steps(self) -> list[tuple[str, ...]]:
        """The steps of the request, if they were asked for: what, which function, where, what it did."""
        steps = self.exchange.seen.steps or _told_steps(self.exchange)
        return [self._step(step) for step in steps] if self.display.steps else []

    def _step(self, step: Step) -> tuple[str, ...]:
        seconds = step.seconds
        times = ("" if seconds is None else duration(seconds),) if self.display.elapsed else ()
        return (step.phase, *times, step.name, step.place, ", ".join(map(printable, step.effects)))

    @cached_property
    def output(self) -> str:
        """What the app printed, logged, warned of and displayed while it answered."""
        return self._clipped(self.exchange.parts)

    @cached_property
    def printed(self) -> str:
        """The same without what stands for a picture that is shown."""
        if not (shown := self.pictures):
            return self.output
        return self._clipped(part for part in self.exchange.parts if not any(part is one for one in shown))

    def _clipped(self, parts: Iterable[OutputPart]) -> str:
        return clipped(output_text(parts), f"{self.display.name}.exchange.output")

    @cached_property
    def pictures(self) -> list[OutputPart]:
        """The pictures that the app displayed, as many as have room."""
        shown, room = [], _MAX_PICTURES
        for part in self.exchange.parts:
            if "image/png" in part.data and (size := len(picture_data(part))) <= room:
                shown.append(part)
                room -= size
        return shown


def _told_steps(exchange: Exchange) -> Iterator[Step]:
    """Yield what is known of the steps in an app that does not tell them."""
    if exchange.endpoint is not None:
        values = (f"{name}={mask_value(name, repr(value))}" for name, value in exchange.view_args.items())
        rule = [exchange.rule] if exchange.rule else []
        yield exchanges.Step("route", exchange.endpoint, effects=[*rule, *values])
    if exchange.failure is not None:
        lines = exchange.failure.lines[-1:]
        place = "".join(f"line {line.line} of {line.place}" for line in lines)
        name = "".join(line.function for line in lines)
        yield exchanges.Step("raised", name, place, [exchange.failure.message])
    yield exchanges.Step("response", effects=[status_line(exchange.response.status)])


def picture_data(part: OutputPart) -> str:
    """Return a displayed picture in base64."""
    data = part.data["image/png"]
    return b64encode(data).decode() if isinstance(data, bytes) else str(data)


def output_text(parts: Iterable[OutputPart]) -> str:
    """Return what the app put out as one text, without secrets that have a shape."""
    text = "".join(
        part.text if part.text.endswith("\n") or part.kind in {"stdout", "stderr"} else f"{part.text}\n"
        for part in parts
    )
    return stable_text(mask_secrets(text)) if text else ""


def _bounded(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(_shortened(name), _shortened(text)) for name, text in [*headers][:_MAX_HEADERS]]


def _shortened(value: str) -> str:
    value = printable(value)
    return value if len(value) <= _MAX_HEADER else f"{value[:_MAX_HEADER]}…"
