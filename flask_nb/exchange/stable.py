"""What differs from run to run in printed text, in messages and in what a server says of itself."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask_nb.lazy import pattern

from .masks import VOLATILE

_ADDRESS = pattern(r"\b0x[0-9a-fA-F]{6,}\b")
_THREAD = pattern(r"<(\w*Thread)\([^()<>]*\)>")
# Linux numbers a thread by the address of its stack, below 0x7fff_ffff_ffff; others are known by their words.
_THREAD_ID = pattern(r"(?<=thread id )\d+|\b1(?:39|40)\d{12}\b")
_OF_THE_CONNECTION = ("REMOTE_PORT", "REMOTE_HOST")


def stable_text(text: str) -> str:
    """Return a text without addresses in memory, names and numbers of threads."""
    text = _ADDRESS.sub("0x…", text)
    return _THREAD_ID.sub(VOLATILE, _THREAD.sub(rf"<\1({VOLATILE})>", text))


def be_as_addressed(environ: dict[str, Any]) -> None:
    """Let an environ name the server that the URL names, on each transport, instead of a port of this run."""
    try:
        url = urlsplit(f"//{environ['HTTP_HOST']}")
        name, port = url.hostname, url.port or 80
    except (KeyError, ValueError):
        return
    environ.update(SERVER_NAME=name or "", SERVER_PORT=str(port))
    for key in _OF_THE_CONNECTION:
        environ.pop(key, None)
