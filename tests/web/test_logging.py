"""The app's logger."""

from __future__ import annotations

import io
import logging
import sys

import pytest


@pytest.fixture(autouse=True)
def root(monkeypatch):
    """A root logger of the test's own, without the handlers that pytest adds to the real one."""
    root = logging.RootLogger(logging.WARNING)
    monkeypatch.setattr(logging.Logger, "manager", logging.Manager(root))
    return root


def test_the_logger_is_named_like_the_app_and_made_once(framework):
    app = framework.Flask("logging_app")
    assert app.logger is logging.getLogger("logging_app")
    assert app.logger is app.logger


def test_only_in_debug_mode_the_level_is_debug(framework):
    quiet, debug = framework.Flask("quiet_app"), framework.Flask("debug_app")
    debug.debug = True
    assert quiet.logger.level == logging.NOTSET
    assert debug.logger.level == logging.DEBUG


def test_a_level_that_is_set_stays(framework):
    logging.getLogger("set_app").setLevel(logging.ERROR)
    app = framework.Flask("set_app")
    app.debug = True
    assert app.logger.level == logging.ERROR


def test_the_default_handler_comes_only_where_nothing_else_would_print(framework, root):
    lonely = framework.Flask("lonely_app").logger
    assert lonely.handlers == [framework.logging.default_handler]
    root.addHandler(logging.NullHandler())
    assert framework.Flask("handled_app").logger.handlers == []


def test_a_handler_of_too_high_a_level_does_not_count(framework, root):
    handler = logging.NullHandler(level=logging.CRITICAL)
    root.addHandler(handler)
    assert framework.Flask("unheard_app").logger.handlers == [framework.logging.default_handler]


def test_handlers_are_looked_for_as_far_as_records_propagate(framework):
    has_level_handler = framework.logging.has_level_handler
    child = logging.getLogger("parent_app.child")
    assert not has_level_handler(child)
    logging.getLogger("parent_app").addHandler(logging.NullHandler())
    assert has_level_handler(child)
    child.propagate = False
    assert not has_level_handler(child)


def test_outside_of_a_request_standard_error_is_written_to(framework, monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    framework.Flask("stderr_app").logger.error("gone wrong")
    assert stream.getvalue().rstrip().endswith("ERROR in test_logging: gone wrong")
    assert stream.getvalue().startswith("[")


def test_in_a_request_the_server_gets_the_lines(framework, app):
    stream = io.StringIO()
    with app.test_request_context(errors_stream=stream):
        assert framework.logging.wsgi_errors_stream._get_current_object() is stream
        framework.logging.wsgi_errors_stream.write("line")
    assert stream.getvalue() == "line"


def test_an_unhandled_error_is_logged_with_path_and_method(framework, client, app):
    app.testing = False

    @app.post("/fails")
    def fails():
        raise ValueError("inside")

    stream = io.StringIO()
    assert client.post("/fails", errors_stream=stream).status_code == 500
    assert "Exception on /fails [POST]" in stream.getvalue()
    assert "ValueError: inside" in stream.getvalue()
