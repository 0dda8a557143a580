"""Dash: an app with a callback, on a server it makes itself and on one it is given."""

from dash import Dash, Input, Output, dcc, html
from flask import Flask, request
from observation import seen

RANDOM = (
    r"_dash-component-suites/[^\"']+",
    r"(?<=Content-Length: )\d+",
    r'(?<=ETag: )"[^"]+"',
    r"\?m=[\d.]+",
    r'(?<="end_id":")[^"]+',
)


def make_app(server=True):
    """Return a page with a field and what a callback makes of it."""
    app = Dash(
        "shop", server=server, title="Shop", url_base_pathname="/shop/" if server is not True else None
    )
    app.layout = html.Div([dcc.Input(id="word"), html.Div(id="shout")])

    @app.callback(Output("shout", "children"), Input("word", "value"))
    def shout(word):
        if word == "fail":
            raise ZeroDivisionError
        return f"{word}! {request.path}"

    return app


def call(word):
    """Return the body with which the page calls the callback."""
    return {
        "output": "shout.children",
        "outputs": {"id": "shout", "property": "children"},
        "inputs": [{"id": "word", "property": "value", "value": word}],
        "changedPropIds": ["word.value"],
    }


def observe():
    """Load the page, what it asks for, and use the callback, on both kinds of server."""
    alone = make_app()
    assert isinstance(alone.server, Flask)
    server = Flask("around")
    server.get("/", endpoint="own")(lambda: "not Dash's")
    make_app(server)
    facts = []
    for client, root in ((alone.server.test_client(), "/"), (server.test_client(), "/shop/")):
        layout = client.get(f"{root}_dash-layout")
        called = client.post(f"{root}_dash-update-component", json=call("hey"))
        assert layout.json["type"] == "Div"
        assert called.json["response"]["shout"]["children"] == f"hey! {root}_dash-update-component"
        page = client.get(root)
        suites = [part.split('"')[0] for part in page.text.split('src="')[1:]]
        assert suites
        others = [
            client.get(f"{root}any/path"),
            client.get(f"{root}_dash-dependencies"),
            client.get(f"{root}_favicon.ico"),
            client.get(f"{root}_dash-component-suites/dash/nothing.js"),
            client.get(f"{root}_dash-component-suites/dash/../../etc/passwd"),
            client.get("/"),
            client.post(f"{root}_dash-layout"),
        ]
        scripts = [client.get(path) for path in suites]
        assert {script.status_code for script in scripts} == {200}
        facts.append([seen(answer, *RANDOM) for answer in (layout, called, page, *others)])
        facts.append([seen(script, *RANDOM, body=False) for script in scripts])
    return facts
