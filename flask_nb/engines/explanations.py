"""What can be said of a request before it is sent, and of a URL before it is built. Data alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .protocol import RouteRow

Result = Literal[
    "answers", "redirects", "stops", "later", "method", "refused", "slash", "domain", "websocket", "fits"
]
"""What becomes of a rule: its view is called; it redirects; a converter refuses what the rule had matched,
and the search is over; an earlier one is taken; it answers other methods; a converter refuses; it has no
slash at its end, and the path has; it is for another host; it is for WebSockets; it fits by its shape,
where an app does not tell more."""


@dataclass(frozen=True)
class Said:
    """What one converter has said to its part of a path.

    :param variable: as the rule has it, such as ``<int:id>``.
    :param name: the name under which the view gets the value.
    :param text: its part of the path.
    :param takes: whether it takes that.
    :param reason: what it takes instead, where that is known.
    """

    variable: str
    name: str
    text: str
    takes: bool
    reason: str = ""


@dataclass(frozen=True)
class Candidate:
    """A rule that a path may have been meant for.

    :param methods: all that it answers, those that come by themselves among them; none for any.
    :param said: what its converters have said, from left to right.
    """

    row: RouteRow
    result: Result
    methods: tuple[str, ...] = ()
    said: tuple[Said, ...] = ()


@dataclass(frozen=True)
class Function:
    """A function of the app that takes part in a request.

    :param role: what it is there for, such as ``before_request``.
    :param filename: the file of its code, empty if that is not known.
    :param line: its first line there.
    """

    name: str
    role: str
    filename: str = ""
    line: int = 0


@dataclass(frozen=True)
class RequestExplanation:
    """What a request would come to, and why.

    :param path: decoded, without the query.
    :param host: the host that it is for; empty where nobody looks at it.
    :param status: 200 where a view is called, else what the router answers; None where that is not told.
    :param candidates: in the order in which the router comes to them.
    :param location: where a redirect leads; None where only sending tells.
    :param allowed: after a 405, the methods that the path answers.
    :param answers: sentences on who answers.
    :param before: the functions that are called before whoever answers, in order.
    :param middleware: sentences on what stands before the app, the outermost first.
    :param near: after a 404, routes that resemble the path, as ``GET /items``.
    """

    method: str
    path: str
    host: str = ""
    status: int | None = None
    candidates: tuple[Candidate, ...] = ()
    location: str | None = None
    allowed: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    before: tuple[Function, ...] = ()
    middleware: tuple[str, ...] = ()
    near: tuple[str, ...] = ()

    @property
    def taken(self) -> Candidate | None:
        """The rule that decides, None if none does."""
        deciding = ("answers", "redirects", "stops")
        return next((one for one in self.candidates if one.result in deciding), None)


@dataclass(frozen=True)
class UrlRule:
    """A rule of an endpoint, and why a URL is built of it or not.

    :param is_taken: the URL is built of it.
    :param reason: why not, or what else there is to say.
    """

    row: RouteRow
    is_taken: bool
    reason: str = ""


@dataclass(frozen=True)
class UrlExplanation:
    """What a URL would come to, and why.

    :param url: None if none can be built.
    :param rules: in the order in which they are tried.
    :param missing: the names of values that the rule with the fewest of them missing needs.
    :param query: the names of values that no rule has a variable for, and so stand in the query.
    :param notes: what else there is to say.
    """

    endpoint: str
    url: str | None
    rules: tuple[UrlRule, ...]
    missing: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
