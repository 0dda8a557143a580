"""A cell's source → an immutable definition → applied to an app.

===================  ======================================================================
module               answers for
===================  ======================================================================
``words``            a magic's line cut into words
``arguments``        the parser of a magic's line
``rules``            what can be said of a URL rule before an app sees it
``names``            what people call a cell; the endpoint of a rule
``route``            ``%%route`` → :class:`RouteDefinition`
``view``             the cell of ``%%route`` → a view function
``apply``            a :class:`RouteDefinition` on a live app
``target``           what an app has to offer for that
``request_line``     ``%get``, ``%post``, ``--try`` → :class:`RequestDefinition`
``request``          a :class:`RequestDefinition` → a :class:`ResolvedRequest`, ready to be sent
``items``            the items of a request line: ``name=value``, ``Header:value``, ``file@path``
``bodies``           the bodies that a request can have
``json_values``      JSON with expressions in it; fields with nested names
``expressions``      ``{expression}`` in what is typed
``http``             ``%%http``: the text of editors' REST clients → requests
``curl``             a pasted ``curl`` command → a request
``shell``            commands as a shell reads them
``serve``            ``%serve``
``app``              ``%app``
``routes``           ``%routes``
===================  ======================================================================
"""

from .app import AppArguments, app_parser, parse_app
from .apply import AppliedRoute, apply_route
from .arguments import MagicParser
from .expressions import Expression
from .http import http_parser, parse_http
from .items import Item
from .names import cell_name, derive_endpoint
from .request import DEFAULT_TIMEOUT, RequestDefinition, ResolvedRequest
from .request_line import parse_request, request_parser
from .route import RouteDefinition, parse_route, route_parser
from .routes import RoutesArguments, parse_routes, routes_parser
from .serve import ServeArguments, parse_serve, serve_parser
from .target import Target
from .view import ViewSource, analyse, missing_names, unbound_hint
from .words import quote_word, split_line

__all__ = [
    "DEFAULT_TIMEOUT",
    "AppArguments",
    "AppliedRoute",
    "Expression",
    "Item",
    "MagicParser",
    "RequestDefinition",
    "ResolvedRequest",
    "RouteDefinition",
    "RoutesArguments",
    "ServeArguments",
    "Target",
    "ViewSource",
    "analyse",
    "app_parser",
    "apply_route",
    "cell_name",
    "derive_endpoint",
    "http_parser",
    "missing_names",
    "parse_app",
    "parse_http",
    "parse_request",
    "parse_route",
    "parse_routes",
    "parse_serve",
    "quote_word",
    "request_parser",
    "route_parser",
    "routes_parser",
    "serve_parser",
    "split_line",
    "unbound_hint",
]
