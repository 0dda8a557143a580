"""The signals: who is told what, and when."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

NAMES = (
    "appcontext_popped",
    "appcontext_pushed",
    "appcontext_tearing_down",
    "before_render_template",
    "got_request_exception",
    "message_flashed",
    "request_finished",
    "request_started",
    "request_tearing_down",
    "template_rendered",
)


@pytest.fixture
def heard(framework, app):
    """Names and data of the app's signals, in the order in which they were sent."""
    events = []
    with ExitStack() as stack:
        for name in NAMES:

            def receive(sender, *, _name=name, **data):
                assert sender is app
                events.append((_name, data))

            signal = getattr(framework.signals, name)
            stack.enter_context(signal.connected_to(receive, sender=app))
        yield events


def names(events):
    return [name for name, _ in events]


@pytest.mark.parametrize("name", NAMES)
def test_signals_are_exported_under_their_names(framework, name):
    signal = getattr(framework, name)
    assert signal is getattr(framework.signals, name)
    assert signal.name == name.replace("_", "-")


def test_a_namespace_for_ones_own_signals_is_there(framework):
    assert framework.signals.Namespace().signal("own").name == "own"


def test_a_request_is_told_from_beginning_to_end(app, client, heard):
    app.add_url_rule("/", view_func=lambda: "body", endpoint="index")
    client.get("/")
    assert names(heard) == [
        "appcontext_pushed",
        "request_started",
        "request_finished",
        "request_tearing_down",
        "appcontext_tearing_down",
        "appcontext_popped",
    ]
    assert heard[2][1]["response"].get_data() == b"body"
    assert heard[3][1]["exc"] is None


def test_an_error_is_told_with_the_exception(app, client, heard):
    error = ValueError("inside")
    app.testing = False

    @app.get("/")
    def fails():
        raise error

    assert client.get("/").status_code == 500
    assert "got_request_exception" in names(heard)
    assert dict(heard)["got_request_exception"]["exception"] is error
    assert dict(heard)["request_tearing_down"]["exc"] is error
    assert dict(heard)["appcontext_tearing_down"]["exc"] is error
    assert dict(heard)["request_finished"]["response"].status_code == 500


def test_a_handled_error_is_not_told(app, client, heard):
    @app.get("/")
    def fails():
        raise ValueError

    app.register_error_handler(ValueError, lambda error: "handled")
    assert client.get("/").text == "handled"
    assert "got_request_exception" not in names(heard)


def test_rendering_is_told_with_template_and_context(framework, app, client, heard):
    @app.get("/")
    def page():
        return framework.render_template_string("{{ a }}", a=1)

    client.get("/")
    told = [(name, data) for name, data in heard if "template" in name]
    assert names(told) == ["before_render_template", "template_rendered"]
    for _, data in told:
        assert data["template"].name is None
        assert data["context"]["a"] == 1
        assert data["context"]["request"].path == "/"


def test_what_a_receiver_adds_to_the_context_is_rendered(framework, app):
    def add(sender, context, **_):
        context["a"] = "added"

    with framework.before_render_template.connected_to(add), app.app_context():
        assert framework.render_template_string("{{ a }}") == "added"


def test_a_stream_is_told_before_and_after_it_was_read(framework, app, heard):
    with app.app_context():
        stream = framework.stream_template_string("{{ 1 }}")
        assert names(heard)[-1] == "before_render_template"
        assert "".join(stream) == "1"
        assert names(heard)[-1] == "template_rendered"


def test_a_flashed_message_is_told(framework, app, heard):
    with app.test_request_context():
        framework.flash("text", "kind")
    assert dict(heard)["message_flashed"] == {"message": "text", "category": "kind"}


def test_an_app_context_is_told_by_itself(app, heard):
    with pytest.raises(ZeroDivisionError), app.app_context():
        raise ZeroDivisionError
    assert names(heard) == ["appcontext_pushed", "appcontext_tearing_down", "appcontext_popped"]
    assert isinstance(heard[1][1]["exc"], ZeroDivisionError)


def test_receivers_of_other_apps_hear_nothing(framework, app, client):
    other = framework.Flask("other")
    heard = []
    app.add_url_rule("/", view_func=lambda: "", endpoint="index")

    def receive(sender, **_):
        heard.append(sender)

    with framework.request_started.connected_to(receive, sender=other):
        client.get("/")
    assert heard == []


def test_a_receiver_may_be_a_coroutine(framework, app, client):
    heard = []

    async def receive(sender, **_):
        heard.append(sender)

    app.add_url_rule("/", view_func=lambda: "", endpoint="index")
    with framework.request_started.connected_to(receive, sender=app):
        client.get("/")
    assert heard == [app]
