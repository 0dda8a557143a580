# mypy: implicit-reexport
# ruff: noqa: F401
"""The IPython extension: magics, display and cell events around one :class:`~.host.Host`.

===============  ==================================================================================
module           answers for
===============  ==================================================================================
``extension``    loading into a shell, and unloading without a trace; what ``import flask`` means there
``workbench``    what is put into the shell when it is first needed: all of the rest
``settings``     what a person can set
``owners``       which cell is running
``first_use``    an app that is set up before a cell has made it
``host``         what outlives any app: recorder, cookies, clients; and what they ask
``following``    the app that a variable holds
``serving``      one server: started, moved, stopped, described
``served``       each app with its server, and the gate before it
``app_run``      what ``app.run()`` was told
``blocking``     what is said before a server blocks a cell
``magics``       what each magic does
``definitions``  what the magics do that define besides routes: settings, templates, contexts, cookies
``placement``    where a cell magic stands in its cell
``tables``       the small tables that magics answer with
``transforms``   what is typed, made into what IPython understands
``completion``   what the completer offers in the line of a magic
``candidates``   what can be typed next, magic by magic
``display``      where the value of a magic is displayed, and as what
===============  ==================================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_nb.lazy import offer

if TYPE_CHECKING:
    from .addresses import Address, Addresses
    from .app_run import AppRun
    from .browsing import Browsing
    from .changes import Changes, python_of
    from .checks import Checking
    from .completion import MagicCompletion
    from .definitions import Definitions
    from .diagnosis import diagnose
    from .evaluation import evaluate
    from .exchanges import Exchanges
    from .explaining import Explaining
    from .exporting import Exporting
    from .hints import hint_at_magic, hints_at_source
    from .serve_hints import hint_at_server
    from .tables import route_table
else:
    __getattr__, __all__ = offer(
        __name__,
        {
            "addresses": "Address Addresses",
            "app_run": "AppRun",
            "browsing": "Browsing",
            "changes": "Changes python_of",
            "checks": "Checking",
            "completion": "MagicCompletion",
            "definitions": "Definitions",
            "diagnosis": "diagnose",
            "exchanges": "Exchanges",
            "evaluation": "evaluate",
            "explaining": "Explaining",
            "exporting": "Exporting",
            "hints": "hint_at_magic hints_at_source",
            "serve_hints": "hint_at_server",
            "tables": "route_table",
        },
    )
