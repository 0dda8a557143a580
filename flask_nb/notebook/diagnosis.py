"""``%serve doctor``: how browsers reach the app, what was asked to find out, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator

from flask_nb.gate import PING, is_loopback, tells_users

from .addresses import Way
from .asking import Answer
from .serving import Serving

_INSTALL = (
    "jupyter-server-proxy is missing there. Into the environment of the server, not of the kernel: "
    "pip install jupyter-server-proxy, and restart the server"
)
_LOGIN = (
    "it asks for a login that the kernel does not have. Say how ports are reached, with FLASK_NB_PROXY_URL"
)
_AWAY = "the proxy does not reach this kernel: it may run on another machine"
_OTHER = (
    "the proxy runs as another user of this machine, and such are refused. To answer them, type: "
    "%serve --host 127.0.0.1"
)
_ADVICE = {
    404: _INSTALL,
    302: _LOGIN,
    401: _LOGIN,
    403: _LOGIN,
    500: _AWAY,
    502: _AWAY,
    503: _AWAY,
    599: _AWAY,
}

_EXPLICIT = (
    "If browsers reach the kernel's ports elsewhere, name it before the kernel starts, as in "
    "FLASK_NB_PROXY_URL='https://example.org/proxy/{port}/', or in a cell: "
    "%config FlaskNB.proxy_url = '/proxy/{port}/'"
)


def diagnose(serving: Serving) -> Iterator[str]:
    """Yield lines on the address of a server, which is started unless it runs."""
    serving.address()
    found = serving.address_found(anew=True)
    yield serving.line()
    yield "asked, until one led here:"
    for way, answer in found.tried:
        yield f"  {way.name}: {way.said}"
        yield from (f"    {line}" for line in _outcome(way, answer))
    if found.front is None:
        yield f"  loopback: {serving.url}, for browsers of this machine, and where its ports are forwarded"
        yield _EXPLICIT
    yield from _others(serving)


def _outcome(way: Way, answer: Answer | None) -> Iterator[str]:
    if answer is None:
        if way.shown:
            yield "not asked: the kernel does not know how to reach it" + (
                ", and taken" if way.is_certain else ""
            )
        return
    asked = f"GET {way.asked.rstrip('/')}{PING}"
    if answer.has_arrived:
        yield f"{asked} → arrived here" + (f", {answer.prefix} taken off" if answer.prefix else "")
        return
    yield f"{asked} → {answer.status or answer.said}" + (", and taken all the same" if way.is_certain else "")
    if answer.is_refused:
        yield _OTHER
    elif answer.status == 200:
        yield "something else answers there"
    elif answer.status:
        yield _ADVICE.get(answer.status, _AWAY)
    else:
        yield "is it still running?"


def _others(serving: Serving) -> Iterator[str]:
    if not is_loopback(serving.hosts()[0]):
        yield f"bound to {serving.hosts()[0]}: whoever reaches that is answered"
    elif tells_users():
        yield "other users of the kernel's machine: " + ("answered" if serving.is_shared else "refused")
    else:
        yield "other users of the kernel's machine: answered, since this system does not tell who asks"
