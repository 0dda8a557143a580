"""What a person can set: ``c.FlaskNB`` in IPython's configuration, ``%config FlaskNB``, ``FLASK_NB_*``."""

from __future__ import annotations

import os
from argparse import ArgumentTypeError
from typing import Any
from urllib.parse import urlsplit

from traitlets import Bool, Float, Int, List, TraitError, TraitType, Unicode, validate
from traitlets.config import Configurable

from flask_nb.errors import FlaskNbError, MagicArgumentError


class FlaskNB(Configurable):
    """Settings of the notebook's server and requests.

    The environment variable of the same name, such as ``FLASK_NB_PORT``, gives a setting its first
    value where the configuration gives none.
    """

    host = Unicode("127.0.0.1", help="Address that the server binds.").tag(config=True)
    port = Int(0, min=0, max=65535, help="Port of the server; 0 takes a free one.").tag(config=True)
    proxy_url = Unicode(
        "", help="How browsers reach a port of the kernel, such as '/proxy/{port}/'; empty to find out."
    ).tag(config=True)
    live = Bool(True, help="Let served pages reload by themselves after a cell has changed the app.").tag(
        config=True
    )
    threads = Int(16, min=1, help="Requests that the server answers at once.").tag(config=True)
    timeout = Float(30.0, min=0.001, help="Seconds that a request of the notebook may take.").tag(config=True)
    browser_timeout = Float(
        0.0, min=0.0, help="Seconds that a request of anybody else may take; 0 for no limit."
    ).tag(config=True)
    max_body = Int(64 * 1024 * 1024, min=0, help="Bytes that the body of a request may have.").tag(
        config=True
    )
    trusted_hosts = List(
        Unicode(), help="More host names, such as 'app.example', that requests may use."
    ).tag(config=True)
    trusted_origins = List(
        Unicode(), help="Other sites, such as 'https://shop.example', whose pages may send any request."
    ).tag(config=True)
    in_process = Bool(False, help="Call the app without a server, in the main thread.").tag(config=True)
    mask = List(Unicode(), help="JSON paths, such as '$..id', of what no exchange shows of a JSON body.").tag(
        config=True
    )
    browse_hosts = List(
        Unicode(), help="Hosts, such as 'cdn.jsdelivr.net', whose files pages of %browse load."
    ).tag(config=True)
    as_flask = Bool(False, help="Let 'import flask' mean flask_nb.").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        try:
            super().__init__(**kwargs)
        except TraitError as exc:  # `%config` leaves a wrong value in the configuration, for the next loading
            raise FlaskNbError(
                f"a setting of c.FlaskNB is wrong: {str(exc).rstrip('.')}. Fix it where it is set, "
                f"or forget such settings with: del get_ipython().config.FlaskNB"
            ) from None
        for name, trait in self.traits(config=True).items():
            text = os.environ.get(f"FLASK_NB_{name.upper()}")
            if text and name not in self.config.get("FlaskNB", {}):
                self._set_from_text(name, trait, text)

    @validate("mask")
    def _validate_mask(self, proposal: Any) -> list[str]:
        """Refuse what is not a path when it is set, not with the next request."""
        from flask_nb.panel import Display  # only whoever sets it waits for the panel

        paths: list[str] = proposal["value"]
        try:
            Display(mask=tuple(paths))
        except MagicArgumentError as exc:
            raise TraitError(str(exc)) from None
        return paths

    @validate("proxy_url")
    def _validate_proxy_url(self, proposal: Any) -> str:
        """Refuse what leads to no port, or to none of a browser's."""
        text: str = proposal["value"].strip()
        if text and not _is_proxy_url(text):
            raise TraitError(
                f"{text!r} leads to no port. Write an http address or a path with {{port}} in the port's "
                f"place: '/proxy/{{port}}/'"
            )
        return text

    @validate("browse_hosts")
    def _validate_browse_hosts(self, proposal: Any) -> list[str]:
        """Refuse what is no host, and so would say something else in a policy."""
        from flask_nb.cells.browse import parse_host

        try:
            return [parse_host(text) for text in proposal["value"]]
        except ArgumentTypeError as exc:
            raise TraitError(str(exc)) from None

    @validate("trusted_origins")
    def _validate_origins(self, proposal: Any) -> list[str]:
        """Refuse what no browser names as an origin, and so would never match."""
        from flask_nb.gate import is_origin

        origins: list[str] = [text.removesuffix("/") for text in proposal["value"]]
        for text in origins:
            if not is_origin(text):
                raise TraitError(
                    f"{text!r} is no origin. Write scheme, name and port: 'http://localhost:3000'"
                )
        return origins

    def _set_from_text(self, name: str, trait: TraitType[Any, Any], text: str) -> None:
        try:
            setattr(self, name, _parsed(trait, text))
        except (ValueError, TraitError) as exc:
            message = f"the environment variable FLASK_NB_{name.upper()} is {text!r}: {exc}. {trait.help}"
            raise FlaskNbError(message) from None


def _is_proxy_url(text: str) -> bool:
    try:
        parts = urlsplit(text.replace("{port}", "5000"))
        has_place = bool(parts.netloc) and parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        return False
    is_path = text.startswith("/") and not parts.netloc
    return "{port}" in text and (has_place or is_path) and not (parts.query or parts.fragment)


def _parsed(trait: TraitType[Any, Any], text: str) -> Any:
    if isinstance(trait, List):
        return [part.strip() for part in text.split(",") if part.strip()]
    return trait.from_string(text)
