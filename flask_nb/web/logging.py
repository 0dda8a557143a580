"""The app's logger, quiet about itself where logging is already configured."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, TextIO

from werkzeug.local import LocalProxy

from .globals import _cv_request

if TYPE_CHECKING:
    from .app import Flask


def _errors_stream() -> TextIO:
    ctx = _cv_request.get(None)
    if ctx is None:
        return sys.stderr
    return ctx.request.environ["wsgi.errors"]  # type: ignore[no-any-return]


#: The server's error stream during a request, else standard error as it is at that moment.
wsgi_errors_stream: TextIO = LocalProxy(_errors_stream)  # type: ignore[assignment]

#: Writes to ``wsgi_errors_stream``; added to an app's logger that nothing else would print.
default_handler = logging.StreamHandler(wsgi_errors_stream)
default_handler.setFormatter(logging.Formatter("[%(asctime)s] %(levelname)s in %(module)s: %(message)s"))


def has_level_handler(logger: logging.Logger) -> bool:
    """Return whether some handler in the logger's chain lets its effective level through.

    :param logger: the logger to follow upwards, as far as its records propagate.
    """
    level = logger.getEffectiveLevel()
    current: logging.Logger | None = logger
    while current is not None:
        if any(handler.level <= level for handler in current.handlers):
            return True
        current = current.parent if current.propagate else None
    return False


def create_logger(app: Flask) -> logging.Logger:
    """Return the logger named like the app, ready to print.

    In debug mode a logger without a level of its own gets ``DEBUG``; ``default_handler`` is added
    only where no other handler would take its records.

    :param app: the app whose name and debug flag count.
    """
    logger = logging.getLogger(app.name)
    if logger.level == logging.NOTSET and app.debug:
        logger.setLevel(logging.DEBUG)
    if not has_level_handler(logger):
        logger.addHandler(default_handler)
    return logger
