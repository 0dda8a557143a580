"""Every error that flask_nb raises on its own account.

::

    FlaskNbError
    ├── MagicArgumentError        a magic's line could not be understood
    │   └── MagicHelpRequested    it asks for the magic's help
    ├── CellError                 a cell's source cannot become a definition
    │   ├── CellSyntaxError       it does not compile
    │   ├── CheckSyntaxError      a line of it is not a check
    │   └── RuleError             its rule is malformed or names an unknown converter
    ├── ConfigError               a source of configuration cannot be read
    ├── UrlError                  no URL can be built of what was asked for
    ├── EndpointConflictError     two rules would share one derived endpoint
    ├── NoAppError                there is no app yet, or none of that name
    ├── ForeignAppError           the app is of a kind that is not adopted
    ├── UnsupportedByAppError     the app is of a kind that cannot do what was asked for
    ├── AppStartError             an async app did not start
    ├── FlaskAlreadyImportedError the name ``flask`` means Flask already
    ├── RequestError              a request of the notebook brought no response, or not the expected one
    │   ├── RequestTimeoutError   the view did not answer in time
    │   ├── ConnectionLostError   the server went away meanwhile
    │   ├── ExpectationError      the response is not the one that was expected
    │   └── CheckError            checks of a cell failed
    ├── ServerError               the background server
    │   ├── PortInUseError        another program holds the port
    │   └── UnknownHostError      this machine has no such address
    ├── NotebookRunError          a notebook could not be executed or served
    ├── ProgramError              a notebook cannot be run as a program
    ├── ExportError               a project cannot be written there
    ├── ArtifactError             a value cannot be kept, or is not what was kept
    └── CourseError               the tutorials cannot be copied

    ViewCancelled                 not in the family, not even an Exception: raised inside a view to stop it

What an app raises stays what it is: views, hooks and configuration raise Python's, Werkzeug's and
Flask's own exceptions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self


class FlaskNbError(Exception):
    """Base of every error of flask_nb: one sentence on what happened, one on what to do.

    IPython shows an error of this family as one line (through ``_render_traceback_``) while the
    kernel still sends a real ``error`` message, so Run All stops and nbval sees the failure.
    """

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


class MagicArgumentError(FlaskNbError):
    """The line of a magic could not be understood.

    What parses a line does not know which magic is called, nor where the line stands; :func:`naming` and
    :func:`placing` say so where it is known.

    :param position: where in the line it goes wrong, from 0; None where that is not known.
    """

    #: The magic's name with its percent signs, such as ``%%route``; empty until it is put on.
    magic: str = ""
    #: Where the line stands, such as ``requests.http, line 3``; empty until it is put on, if ever.
    place: str = ""

    def __init__(self, message: str = "", position: int | None = None) -> None:
        super().__init__(message)
        self.position = position

    def __str__(self) -> str:
        return ": ".join(filter(None, [self.magic, self.place, super().__str__()]))


class MagicHelpRequested(MagicArgumentError):
    """``--help`` stands in a magic's line: no fault, whoever runs the magic shows the text."""

    @property
    def text(self) -> str:
        """The help text, of several lines."""
        return str(self.args[0])


@contextmanager
def naming(magic: str) -> Iterator[None]:
    """Put the name of the magic that is called onto the errors of its line.

    An error that has a name already keeps it: whoever stands nearer to the fault knows better.

    :param magic: the magic's name with its percent signs.
    """
    try:
        yield
    except MagicArgumentError as exc:
        exc.magic = exc.magic or magic
        raise


@contextmanager
def placing(place: str) -> Iterator[None]:
    """Put the place of a line onto its errors, as :func:`naming` does with the magic.

    :param place: such as ``line 3`` or ``requests.http, line 3``.
    """
    try:
        yield
    except MagicArgumentError as exc:
        exc.place = exc.place or place
        raise


class CellError(FlaskNbError):
    """A cell's source cannot become a definition."""


class CellSyntaxError(CellError):
    """A cell does not compile.

    :param message: the compiler's words.
    :param line: the line counted within the cell, from 1; None when unknown.
    :param text: that line's source.
    :param column: the column, from 1, where it tells more than the line.
    """

    def __init__(
        self, message: str, *, line: int | None = None, text: str | None = None, column: int | None = None
    ) -> None:
        where = (f"line {line}, column {column}: " if column else f"line {line}: ") if line else ""
        shown = f"\n    {text.strip()}" if text and text.strip() else ""
        super().__init__(f"{where}{message}{shown}")
        self.line = line
        self.text = text


class CheckSyntaxError(CellError):
    """A line of ``%%check`` is not a check.

    :param message: what is wrong with it.
    :param line: the line counted within the cell, from 1.
    :param column: where it goes wrong in the line, from 1.
    :param text: the line as typed; the place is marked below it.
    """

    def __init__(self, message: str, *, line: int, column: int, text: str) -> None:
        mark = re.sub(r"[^\t]", " ", text[: column - 1]) + "^"
        super().__init__(f"line {line}, column {column}: {message}\n    {text}\n    {mark}")
        self.line = line
        self.column = column


class RuleError(CellError):
    """A rule is malformed or names an unknown converter."""

    @classmethod
    def of_other_framework(cls, rule: str) -> RuleError | None:
        """Return the error of a rule whose variables are written as elsewhere, None if there are none."""
        is_possible = "<" not in rule and ("{" in rule or "/:" in rule)
        found = re.search(_VARIABLE_ELSEWHERE, rule) if is_possible else None
        if found is None:
            return None
        meant = re.sub(_VARIABLE_ELSEWHERE, lambda each: f"<{each[1] or each[2]}>", rule)
        how = "in braces" if found[1] else "behind a colon"
        return cls(f"the rule {rule!r} has a variable {how}. Type {meant}")

    @classmethod
    def of_query(cls, rule: str) -> RuleError | None:
        """Return the error of a rule with a query, which no path matches; None if it has none."""
        found = re.search(_QUERY, rule) if "?" in rule else None
        if found is None:
            return None
        advice = f"Type {rule[: found.start()]}, and read request.args in the view"
        return cls(f"the rule {rule!r} has a query, but rules are compared with paths alone. {advice}")


_VARIABLE_ELSEWHERE = r"\{(\w+)(?::\w+)?\}|(?<=/):(\w+)(?=/|$)"
"""``{id}`` as in FastAPI and Django, ``:id`` as in Express and Rails."""

_QUERY = r"\?(?:[\w-]+=[^?\"'()]*|[^<>]*)$"
"""What stands behind the path, and not in the arguments of a converter, which may be a regular expression."""


class ConfigError(FlaskNbError):
    """A source of configuration cannot be read; the configuration is as it was.

    :param source: what people call the source, such as ``settings.cfg``.
    :param message: what is wrong with it.
    :param line: the line in question, from 1; None when it is not about a line.
    :param column: the column, from 1.
    """

    def __init__(
        self, source: str, message: str, *, line: int | None = None, column: int | None = None
    ) -> None:
        places = [f"line {line}" if line else "", f"column {column}" if line and column else ""]
        super().__init__(f"{', '.join(filter(None, [source, *places]))}: {message}")
        self.source = source
        self.line = line
        self.column = column


class UrlError(FlaskNbError):
    """No URL can be built: the endpoint is unknown, or a value is missing or does not fit."""


class EndpointConflictError(FlaskNbError):
    """Two rules would share one endpoint that was derived, not chosen.

    :param endpoint: the endpoint in question.
    :param rule: the rule that was about to be added.
    :param existing: the rule that holds the endpoint.
    :param owner: the name of the cell that holds it, if one does.
    """

    def __init__(self, endpoint: str, *, rule: str, existing: str, owner: str | None = None) -> None:
        held = f" of the cell '{owner}'" if owner else ""
        super().__init__(
            f"the rule {rule!r} would get the endpoint {endpoint!r}, which belongs to the rule "
            f"{existing!r}{held}. Give this one a name of its own: --endpoint NAME"
        )
        self.endpoint = endpoint
        self.rule = rule
        self.existing = existing
        self.owner = owner


class NoAppError(FlaskNbError):
    """There is no app to work on.

    :param name: the variable that should hold it.
    :param others: asked for the variables that hold one, if somebody reads the message: that there is no
        app is no error at the end of a cell, for example.
    """

    def __init__(self, name: str, others: Callable[[], Iterable[str]] = tuple) -> None:
        super().__init__(name)
        self.name = name
        self._others = others

    def __str__(self) -> str:
        others = list(self._others())
        verb = "hold apps" if others[1:] else "holds one"
        held = f"{', '.join(others)} {verb}: %app {others[0]}. " if others else ""
        return (
            f"there is no app in the variable {self.name!r}. {held}"
            f"If the kernel was restarted, run the cells above first. To make an app, begin a cell with "
            f"%%route /, or type: from flask_nb import Flask; {self.name} = Flask(__name__)"
        )


class ForeignAppError(FlaskNbError):
    """The app is of a kind that this version does not adopt."""


class UnsupportedByAppError(FlaskNbError):
    """The app can be served and asked, but what a magic wants of it only apps of other kinds do."""


class AppStartError(FlaskNbError):
    """An async app did not come to the end of its startup."""


class FlaskAlreadyImportedError(FlaskNbError):
    """``as_flask()`` came too late: Flask itself has been imported in this process."""

    def __init__(self) -> None:
        super().__init__(
            "Flask has been imported in this process already, so `import flask` can no longer mean "
            "flask_nb.web. Restart the kernel or program and, before anything imports Flask, type: "
            "import flask_nb; flask_nb.as_flask()"
        )


class RequestError(FlaskNbError):
    """A request of the notebook brought no response, or not the expected one."""


class RequestTimeoutError(RequestError):
    """The view did not answer within the request's timeout.

    :param request: the request as people read it, such as ``GET /slow``.
    :param seconds: how long was waited, in seconds.
    :param reason: what kept the view from answering, where it was not the view itself, and what to type.
    """

    def __init__(self, request: str, seconds: float, reason: str = "") -> None:
        missed = f"{request} did not answer within {seconds:g} s"
        ran = f"{missed} and was stopped. Give it longer with --timeout SECONDS"
        super().__init__(f"{missed}: {reason}" if reason else ran)
        self.request = request
        self.seconds = seconds


class ConnectionLostError(RequestError):
    """The server closed the connection before it had answered."""


class ExpectationError(RequestError):
    """The response has another status than the request was to get.

    :param request: the request as people read it, such as ``POST /items``.
    :param status: the status that came, such as ``404 Not Found``.
    :param expected: the statuses of which one was expected, such as ``201`` and ``2xx``.
    """

    def __init__(self, request: str, status: str, expected: Sequence[str]) -> None:
        super().__init__(
            f"{request} answered {status}, but {' or '.join(expected)} was expected. "
            f"Fix the view, or change --expect {','.join(expected)}"
        )
        self.request = request
        self.status = status
        self.expected = tuple(expected)


class CheckError(RequestError):
    """Checks of a cell failed; the table above says what came instead.

    :param failed: the requests whose checks failed, as people read them, by the line in the cell.
    :param count: how many checks there were.
    """

    def __init__(self, failed: Mapping[int, str], count: int) -> None:
        named = [f"{request} (line {line})" for line, request in list(failed.items())[:3]]
        more = [f"{len(failed) - 3} more"] if len(failed) > 3 else []
        checks = f"{count} checks" if count > 1 else "1 check"
        super().__init__(
            f"{len(failed)} of {checks} failed: {', '.join([*named, *more])}. The table above says what came"
        )
        self.failed = dict(failed)


class ServerError(FlaskNbError):
    """The background server could not do what was asked.

    :param what: what happened.
    :param advice: what to type; empty where ``what`` says it all.
    """

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(f"{what}. {advice}" if advice else what)
        self.what = what

    def advising(self, advice: str) -> Self:
        """Return this error with other advice, in the words of whoever asked for the server."""
        self.args = (f"{self.what}. {advice}",)
        return self


class PortInUseError(ServerError):
    """Another program holds the port, or another app of the same notebook.

    :param host: the address that was asked for.
    :param port: the port that is taken.
    :param holder: what holds it.
    """

    def __init__(self, host: str, port: int, *, holder: str = "another program") -> None:
        super().__init__(
            f"port {port} on {host} is in use by {holder}",
            "Choose another with --port N, or leave out --port to get a free one",
        )
        self.host = host
        self.port = port


class UnknownHostError(ServerError):
    """This machine has no such address to listen on.

    :param host: the address that was asked for.
    """

    def __init__(self, host: str) -> None:
        super().__init__(
            f"{host!r} is no address of this machine",
            "Leave --host away for 127.0.0.1, or type --host 0.0.0.0 to be reachable from everywhere",
        )
        self.host = host


class ViewCancelled(BaseException):
    """Raised inside a running view to stop it, because nobody waits for its answer any more.

    It is not an :class:`Exception`, so that a view's ``except Exception`` and an app's error handlers let it
    pass while ``finally`` blocks and context managers still clean up.
    """


class NotebookRunError(FlaskNbError):
    """A notebook could not be executed or served."""


class ProgramError(FlaskNbError):
    """A notebook cannot be run as a program: what of it, where, and what to do."""

    @classmethod
    def in_cell(cls, cell: str, message: object) -> Self:
        """Return the error of a cell.

        :param cell: what people call it.
        """
        return cls(f"the cell {cell!r}: {message}")


class ArtifactError(FlaskNbError):
    """A value cannot be kept in a file, or a file is not what was kept: why, and what to type."""


class ExportError(FlaskNbError):
    """A project cannot be written to a folder: why, and which one to name."""


class CourseError(FlaskNbError):
    """The tutorials cannot be copied into the folder.

    :param folder: where they were to go.
    :param reason: the system's words.
    """

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"the course cannot be copied into {str(folder)!r}: {reason}. Name another folder: "
            f"flask-nb lab --dir DIR, or flask_nb.course('DIR')"
        )
        self.folder = folder
