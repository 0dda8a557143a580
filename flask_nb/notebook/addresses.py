"""By which address the front end of this notebook reaches a server in the kernel.

Nothing tells the kernel where the person sits. What it can know is who has started it: a person who has said
how ports are reached, a hub, a Jupyter server. Each is a way that leads to an address, and the first one that
leads back here is taken: the kernel asks it, and the gate sees the request arrive. Where none does, it is
loopback.

A Jupyter server is the one that has started this kernel, known by its process, and never another one that
happens to run. Its token is sent to it alone, and is shown nowhere.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask_nb.gate import PING, Front, Probes

from .asking import Answer, ask

__all__ = ["Address", "Addresses", "Way"]

_EVERY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]", "*": "127.0.0.1"}

_NOWHERE = Front("")


@dataclass(frozen=True)
class Way:
    """What may lead browsers to a port of the kernel, or why it does not.

    :param name: what has been looked at.
    :param said: what was found there.
    :param shown: the address for browsers, with a slash at its end; empty if there is none.
    :param asked: the same for the kernel; empty if it cannot ask.
    :param headers: what the kernel sends along.
    :param front: what the gate has to know of it.
    :param is_certain: whether a person has said so: then it is taken whatever it answers.
    """

    name: str
    said: str
    shown: str = ""
    asked: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    front: Front = _NOWHERE
    is_certain: bool = False


@dataclass(frozen=True)
class Address:
    """What was found for one port.

    :param shown: the address for browsers; empty for that of loopback.
    :param front: the proxy that leads there, None without one.
    :param tried: each way with what it answered, None if it was not asked.
    """

    shown: str = ""
    front: Front | None = None
    tried: tuple[tuple[Way, Answer | None], ...] = ()


class Addresses:
    """Finds the address for a port.

    :param settings: may name it.
    :param probes: tell what arrives at the gate.
    :param environ: the variables of the process.
    """

    def __init__(self, settings: Any, probes: Probes, environ: Mapping[str, str] = os.environ) -> None:
        self._settings = settings
        self._probes = probes
        self._environ = environ

    def find(self, port: int) -> Address:
        """Ask each way in turn; it takes two seconds at most for each that is there."""
        tried: list[tuple[Way, Answer | None]] = []
        for way in self._ways(port):
            answer = self._ask(way) if way.asked else None
            tried.append((way, answer))
            if way.shown and (way.is_certain or (answer is not None and answer.has_arrived)):
                # What was taken off the path on the way is what the proxy will say next time, too.
                prefix = (answer.prefix if answer is not None else "") or way.front.prefix
                return Address(way.shown, way.front._replace(prefix=prefix), tuple(tried))
        return Address(tried=tuple(tried))

    def _ask(self, way: Way) -> Answer:
        with self._probes.expecting() as probe:
            return ask(f"{way.asked.rstrip('/')}{PING}?{probe.nonce}", way.headers, probe)

    def _ways(self, port: int) -> Iterator[Way]:
        hub, server = self._hub(port), self._server(port)
        yield self._named(port, hub if hub.shown else server)
        yield hub
        if not hub.shown:  # else the server is that of the hub
            yield server

    def _named(self, port: int, behind: Way) -> Way:
        name = "c.FlaskNB.proxy_url, FLASK_NB_PROXY_URL"
        if not self._settings.proxy_url:
            return Way(name, "not set")
        shown = self._settings.proxy_url.replace("{port}", str(port))
        shown = shown if shown.endswith("/") else f"{shown}/"
        url = urlsplit(shown)
        if url.netloc:
            return Way(name, shown, shown, shown, front=_front(shown), is_certain=True)
        asked = urlsplit(behind.asked)._replace(path=shown).geturl() if behind.asked else ""
        front = behind.front._replace(prefix=shown.rstrip("/"))
        return Way(name, shown, shown, asked, behind.headers, front, is_certain=True)

    def _hub(self, port: int) -> Way:
        prefix = self._environ.get("JUPYTERHUB_SERVICE_PREFIX", "")
        if not prefix:
            return Way("a hub", "JUPYTERHUB_SERVICE_PREFIX is not set")
        shown = f"{prefix.rstrip('/')}/proxy/{port}/"
        public = self._environ.get("JUPYTERHUB_PUBLIC_URL") or self._environ.get("JUPYTERHUB_HOST", "")
        url = urlsplit(public)
        front = Front(shown.rstrip("/"), url.netloc, url.scheme, self._parent())
        inner = urlsplit(self._environ.get("JUPYTERHUB_SERVICE_URL") or self._server(port).asked)
        token = self._environ.get("JUPYTERHUB_API_TOKEN", "")
        if not inner.netloc:
            return Way("a hub", f"{prefix}, and JUPYTERHUB_SERVICE_URL is not set", shown, front=front)
        asked = f"{inner.scheme}://{_reached(inner.hostname or '')}:{inner.port or 80}{shown}"
        return Way("a hub", prefix, shown, asked, _with_token(token), front)

    def _server(self, port: int) -> Way:
        name, process = "a Jupyter server", self._parent()
        if process is None:
            return Way(name, "JPY_PARENT_PID is not set: none has started this kernel")
        try:
            info = _read_info(process)
        except OSError:
            return Way(
                name, f"process {process}, which has started this kernel, has left no jpserver-{process}.json"
            )
        except ValueError as exc:
            return Way(name, f"jpserver-{process}.json is of no use: {exc}")
        if info["sock"]:
            return Way(name, f"process {process} listens on a Unix socket, which the kernel does not ask")
        shown = f"{info['base_url'].rstrip('/')}/proxy/{port}/"
        scheme = "https" if info["secure"] else "http"
        host = f"{_reached(info['hostname'])}:{info['port']}"
        front = Front(shown.rstrip("/"), host, scheme, process)
        said = f"process {process}, {scheme}://{host}{info['base_url']}"
        return Way(name, said, shown, f"{scheme}://{host}{shown}", _with_token(info["token"]), front)

    def _parent(self) -> int | None:
        text = self._environ.get("JPY_PARENT_PID", "")
        return int(text) if text.isascii() and text.isdecimal() else None


def _front(url: str) -> Front:
    parts = urlsplit(url)
    return Front(parts.path.rstrip("/"), parts.netloc, parts.scheme)


def _reached(host: str) -> str:
    """Return what to connect to where this host is bound."""
    host = _EVERY_ADDRESS.get(host.strip("[]"), host)
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _with_token(token: str) -> dict[str, str]:
    return {"Authorization": f"token {token}"} if token else {}


_INFO: dict[str, type] = {
    "pid": int, "port": int, "hostname": str, "base_url": str, "secure": bool, "token": str, "sock": str,
}  # fmt: skip


def _read_info(process: int) -> dict[str, Any]:
    """Return what a Jupyter server has written about itself.

    :raises OSError: it has written nothing.
    :raises ValueError: it is not that, or of another process.
    """
    from jupyter_core.paths import jupyter_runtime_dir

    info = json.loads((Path(jupyter_runtime_dir()) / f"jpserver-{process}.json").read_bytes())
    if not isinstance(info, dict):
        raise ValueError("it holds no object")
    found = {name: info.get(name, kind()) for name, kind in _INFO.items()}
    for name, kind in _INFO.items():
        if not isinstance(found[name], kind):
            raise ValueError(f"its {name} is {type(found[name]).__name__}, not {kind.__name__}")
    if found["pid"] != process:
        raise ValueError(f"it is of process {found['pid']}")
    if not found["base_url"].startswith("/"):
        raise ValueError("its base_url does not begin with a slash")
    return found
