"""What to type after a cell that wanted a server and failed: there is none, or it wants the loop."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from flask_nb import engines

from .served import ServedApps

_LOOP = re.compile(
    r"(?:asyncio\.run\(\)|Runner\.run\(\)) cannot be called from a running event loop"
    r"|This event loop is already running"
    r"|Cannot run the event loop while another loop is running"
)
_URL = re.compile(r"https?://(?P<host>127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1\]):(?P<port>\d+)")
_POOL = re.compile(r"host='(?P<host>127\.0\.0\.1|localhost)', port=(?P<port>\d+)")  # of requests and urllib3
_PATH = re.compile(r"(?:^|')(?P<path>/[^\s']*)")  # of requests, urllib and aiohttp
_MODULE = re.compile(r"""["']([\w.]+:\w+)["']""")  # the app as uvicorn takes it


def hint_at_server(
    exc: BaseException, source: str, variables: Mapping[str, Any], apps: ServedApps
) -> str | None:
    """Return what does what a failed cell wanted, or None.

    :param source: what was typed.
    :param variables: the notebook's.
    :param apps: what it serves.
    """
    if _LOOP.search(str(exc)):
        return _hint_at_loop(source, variables)
    if "allow_unsafe_werkzeug" in str(exc):  # Flask-SocketIO, where nobody sits at a terminal
        return (
            f"to serve {_label(apps)} in this kernel, with polling, type: %serve. flask-nb run has WebSockets"
        )
    if any(isinstance(one, ConnectionRefusedError) for one in _causes(exc)):
        return _hint_at_port(str(exc), source, apps)
    return _hint_at_path(_asked_for(exc), apps)


def _hint_at_loop(source: str, variables: Mapping[str, Any]) -> str | None:
    names = (name for name in re.findall(r"\w+", source) if engines.is_app(variables.get(name)))
    named = next(names, None) or next(iter(_MODULE.findall(source)), None)
    if named is None:
        return None
    return f"a notebook has an event loop already. To serve {named} in it, type: %app {named}, then %serve"


def _hint_at_port(message: str, source: str, apps: ServedApps) -> str | None:
    found = _POOL.search(message) or _URL.search(message) or _URL.search(source)
    is_missing = found is not None and apps.at_port(int(found["port"])) is None
    if found is None or not is_missing or apps.current.followed.serving_engine(is_own=True) is None:
        return None
    port = found["port"]
    return f"nothing is served at port {port}. To serve {_label(apps)} there, type: %serve --port {port}"


def _hint_at_path(asked: str, apps: ServedApps) -> str | None:
    """Speak of a path below a proxy, to which a browser knows the host and nobody else does."""
    for served in apps:
        port = served.serving.port
        base = served.serving.page_url if port is not None and str(port) in asked else None
        if base is not None and asked.startswith(base) and base.startswith("/"):
            return (
                f"{base} leads browsers to {served.followed.label}. For a URL that code in a cell can ask, "
                f"type: %url_for ENDPOINT --local"
            )
    return None


def _asked_for(exc: BaseException) -> str:
    """Return the path that a client has refused, since it has no host; empty if it has not."""
    with suppress(Exception):  # httpx keeps it in the request; whatever else has such an attribute may raise
        return str(exc.request.url)  # type: ignore[attr-defined]
    found = _PATH.search(str(exc)) if isinstance(exc, ValueError) else None
    return found["path"] if found is not None else ""


def _label(apps: ServedApps) -> str:
    return apps.current.followed.label


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """Yield an error, and what it came of: libraries wrap that of the system, some as an argument."""
    seen: list[BaseException] = []
    left: list[Any] = [exc]
    while left:
        one = left.pop()
        if isinstance(one, BaseException) and not any(one is other for other in seen):
            seen.append(one)
            left += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    yield from seen
