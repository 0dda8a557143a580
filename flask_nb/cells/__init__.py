# mypy: implicit-reexport
# ruff: noqa: F401
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
``request_line``     ``%get``, ``%post``, ``--try`` → :class:`RequestDefinition`
``request``          a :class:`RequestDefinition` → a :class:`ResolvedRequest`, ready to be sent
``items``            the items of a request line: ``name=value``, ``Header:value``, ``file@path``
``bodies``           the bodies that a request can have
``json_values``      JSON with expressions in it; fields with nested names
``expressions``      ``{expression}`` in what is typed
``answers``          ``{{login.response.body.token}}`` in ``%%http``: a part of an earlier answer
``http``             ``%%http``: the text of editors' REST clients → requests
``artifact``         ``%artifact`` → values that programs load instead of computing them
``checks``           ``%%check`` → :class:`CheckDefinition`: requests, and what is expected of their answers
``expectations``     what can be expected of an answer
``selectors``        CSS selectors, through beautifulsoup4
``curl``             a pasted ``curl`` command → a request
``shell``            commands as a shell reads them
``config``           ``%config_from`` → :class:`ConfigDefinition` → settings of a live app
``config_errors``    what goes wrong while configuration is read
``contents``         ``%%template`` and ``%%static`` → a template, a static file of a live app
``context``          ``%%request_context`` → the arguments of a request context, and compiled statements
``urls``             ``%url_for`` → :class:`UrlDefinition` → a URL
``explain``          ``%explain`` → a request or a URL that is looked at only
``export``           ``%export`` → where the notebook's project goes
``cookies``          ``%cookies``
``serve``            ``%serve``
``browse``           ``%browse``
``app``              ``%app``
``routes``           ``%routes``
===================  ======================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_nb.lazy import offer

if TYPE_CHECKING:
    from .answers import AnswerSource
    from .app import AppArguments, app_parser, parse_app
    from .apply import apply_route
    from .arguments import MagicParser
    from .artifact import ArtifactDefinition, artifact_parser, parse_artifact
    from .bodies import (
        DataBody,
        FileBody,
        TextBody,
        field_text,
        parse_body,
        parse_data,
        query_text,
        write_multipart,
    )
    from .browse import BrowseArguments, browse_parser, parse_browse
    from .checks import CheckDefinition, check_line_parser, check_parser, parse_checks
    from .config import NOT_SET, AppliedConfig, apply_config, config_parser, parse_config
    from .contents import (
        apply_static,
        apply_template,
        parse_static,
        parse_template,
        static_parser,
        template_parser,
    )
    from .context import CompiledCell, compile_cell, context_parser, parse_context, request_arguments
    from .cookies import CookiesArguments, cookies_parser, parse_cookies
    from .exchange import ExchangeArguments, Which, exchange_parser, parse_exchange
    from .expectations import Answer, Expectation
    from .explain import ExplainDefinition, explain_parser, parse_explain
    from .export import ExportArguments, export_parser, parse_export
    from .http import http_parser, parse_http
    from .items import Item, parse_header, parse_item, split_item, split_upload, wire_header
    from .json_values import JsonText, end_of_brackets, end_of_json, parse_key, write_fields
    from .names import cell_name, telling_line
    from .plain_text import text_hint
    from .request import DEFAULT_TIMEOUT, RequestDefinition
    from .request_line import misspelt_method, parse_request, request_parser
    from .route import parse_route, route_parser
    from .routes import RoutesArguments, parse_routes, routes_parser
    from .serve import ServeArguments, parse_serve, serve_parser
    from .urls import build_url, find_endpoint, parse_url, url_parser
    from .view import ViewSource, framework_names, missing_names
    from .words import quote_word
else:
    __getattr__, __all__ = offer(
        __name__,
        {
            "answers": "AnswerSource",
            "app": "AppArguments app_parser parse_app",
            "apply": "apply_route",
            "arguments": "MagicParser",
            "artifact": "ArtifactDefinition artifact_parser parse_artifact",
            "bodies": "DataBody FileBody TextBody field_text parse_body parse_data "
            "query_text write_multipart",
            "browse": "BrowseArguments browse_parser parse_browse",
            "checks": "CheckDefinition check_line_parser check_parser parse_checks",
            "config": "NOT_SET AppliedConfig apply_config config_parser parse_config",
            "contents": "apply_static apply_template parse_static parse_template "
            "static_parser template_parser",
            "context": "CompiledCell compile_cell context_parser parse_context request_arguments",
            "cookies": "CookiesArguments cookies_parser parse_cookies",
            "exchange": "ExchangeArguments Which exchange_parser parse_exchange",
            "expectations": "Answer Expectation",
            "explain": "ExplainDefinition explain_parser parse_explain",
            "export": "ExportArguments export_parser parse_export",
            "http": "http_parser parse_http",
            "items": "Item parse_header parse_item split_item split_upload wire_header",
            "json_values": "JsonText end_of_brackets end_of_json parse_key write_fields",
            "names": "cell_name telling_line",
            "plain_text": "text_hint",
            "request": "DEFAULT_TIMEOUT RequestDefinition",
            "request_line": "misspelt_method parse_request request_parser",
            "route": "parse_route route_parser",
            "routes": "RoutesArguments parse_routes routes_parser",
            "serve": "ServeArguments parse_serve serve_parser",
            "urls": "build_url find_endpoint parse_url url_parser",
            "view": "ViewSource framework_names missing_names",
            "words": "quote_word",
        },
    )
