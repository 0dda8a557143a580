"""What is answered in place of the app: a page that says what came, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Literal

from .names import Authority, Origin

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Verdict = Literal["allowed", "refused", "everybody"]

NOTEBOOK_HOST_ADVICE = (
    "To add the name, run this in a cell of the notebook: "
    "<code>%config FlaskNB.trusted_hosts = ['{name}']</code>. To add it to every notebook, write "
    "<code>c.FlaskNB.trusted_hosts = ['{name}']</code> into <code>ipython_config.py</code>."
)

COMMAND_HOST_ADVICE = (
    "To add the name, let the app say <code>app.config['TRUSTED_HOSTS'] = ['localhost', '127.0.0.1', "
    "'{name}']</code>."
)


OTHER_USER = "another user of this machine"


def about_user() -> Sequence[str]:
    """Say whom a server on loopback answers."""
    return (
        "This server belongs to another user of this machine, and answers to programs of that user only.",
        "Its owner opens it to everybody who has an account here with: <code>%serve --host 127.0.0.1</code>.",
    )


def about_host(host: str, advice: str) -> Sequence[str]:
    came = f"for the host {_code(host)}" if host else "without a Host header"
    authority = Authority.parse(host)
    # What is no name, or longer than one can be (RFC 1035 §2.3.4), cannot be added either.
    return (
        f"The request came {came}, and this server answers only to <code>localhost</code>, "
        f"<code>*.localhost</code>, <code>127.0.0.1</code>, <code>[::1]</code> and the names it was given.",
        advice.format(name=authority.name)
        if authority and len(host) < 260
        else "Send one of these, with any port or none.",
    )


def about_origin(environ: WSGIEnvironment, host: str, verdict: Verdict) -> Sequence[str]:
    method = environ["REQUEST_METHOD"]
    named = environ.get("HTTP_ORIGIN")
    source = f"the origin {_code(named)}" if named else "another site"
    why = {
        "everybody": "The app allows every origin, and that would be every page that is open in the browser, "
        "so only pages of this machine may send it.",
        "refused": "From other sites only GET, HEAD and OPTIONS are answered, unless the app allows more.",
    }
    return (
        f"A page from {source} sent this {_code(method)} request to {_code(host)}. {why[verdict]}",
        f"Open the page that sends it at the same address, {_code(host)}, port included. {_advise(named)}",
    )


def _advise(origin: str | None) -> str:
    """Say how an origin is allowed; nothing allows one that is not named."""
    parsed = Origin.parse(origin or "")
    if parsed is None:
        return "A page from a file or from a sandboxed frame has no origin that could be allowed."
    text = escape(str(origin), quote=False)
    return (
        f"Or allow the origin. In a cell of the notebook: <code>%config FlaskNB.trusted_origins = ['{text}']"
        f"</code>. For every notebook, in <code>ipython_config.py</code>: "
        f"<code>c.FlaskNB.trusted_origins = ['{text}']</code>."
    )


def _code(text: str) -> str:
    """Quote a value of the request for a page: escaped, and cut where it gets long."""
    return f"<code>{escape(text if len(text) <= 100 else text[:99] + '…')}</code>"


def page(
    status: str, paragraphs: Sequence[str], environ: WSGIEnvironment, start_response: StartResponse
) -> list[bytes]:
    """Answer with a page."""
    text = "".join(f"<p>{paragraph}</p>\n" for paragraph in paragraphs)
    page = f'<!doctype html>\n<html lang="en">\n<title>{status}</title>\n<h1>{status}</h1>\n{text}</html>\n'
    return _answer(status, "text/html", page, environ, start_response)


def text_page(status: str, text: str, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Answer with a text."""
    return _answer(status, "text/plain", text, environ, start_response)


def _answer(
    status: str, kind: str, text: str, environ: WSGIEnvironment, start_response: StartResponse
) -> list[bytes]:
    body = text.encode(errors="replace")
    headers = [
        ("Content-Type", f"{kind}; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", "default-src 'none'"),
    ]
    start_response(status, headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
