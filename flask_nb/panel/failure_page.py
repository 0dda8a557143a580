"""What a browser gets in debug mode when a view has failed: the traceback of the user's own cells."""

from __future__ import annotations

from html import escape

from flask_nb.exchange import Failure
from flask_nb.exchange.masks import printable

_STYLE = """
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 60rem; padding: 0 1.5rem }
h1 { font-size: 1.3rem; margin: 0 0 1rem; overflow-wrap: anywhere }
pre { font: 13px/1.6 ui-monospace, Menlo, Consolas, monospace; overflow: auto; padding: 1rem;
      border: 1px solid rgba(128, 128, 128, .4); border-radius: 6px }
"""

_HEADERS = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
]


def failure_page(
    failure: Failure, endpoint: str | None, *, is_page: bool
) -> tuple[list[tuple[str, str]], bytes]:
    """Return headers and body of the answer to a request whose view has failed.

    There is nothing in it that runs: no script and no console.

    :param endpoint: tells which function is the view.
    :param is_page: whether a page is wanted, else it is text.
    """
    text = f"{failure.text(endpoint)}\n"
    mimetype = "text/html" if is_page else "text/plain"
    body = _page(printable(failure.message.partition("\n")[0]), text) if is_page else text
    return [("Content-Type", f"{mimetype}; charset=utf-8"), *_HEADERS], body.encode(errors="replace")


def _page(title: str, text: str) -> str:
    return (
        f'<!doctype html>\n<html lang="en">\n<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n'
        f"<h1>{escape(title)}</h1>\n<pre>{escape(text)}</pre>\n"
        f"<p>In the notebook, <code>%debug</code> opens the frame, and <code>%serve log</code> shows what "
        f"was printed.</p>\n</html>\n"
    )
