"""``%explain`` in a real kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel

SHOP = """
from flask_nb import Flask, Blueprint, abort, redirect, request
app = Flask("shop")
sent = []
@app.before_request
def load_user():
    sent.append(request.path)
@app.get("/items/<int:id>")
def item(id): return str(id)
@app.get("/items/all")
def every(): return ""
@app.get("/things/")
def things(): return ""
@app.post("/order")
def order(): return request.form["name"]
@app.get("/boom")
def boom(): return {}["x"]
@app.get("/moved")
def moved(): return redirect("/things/?token=abcdef123456")
@app.get("/gone")
def gone(): abort(404, "sold out")
admin = Blueprint("admin", "shop", url_prefix="/admin")
@admin.get("/<secret>")
def panel(secret): return ""
app.register_blueprint(admin)
"""


@pytest.fixture(scope="module")
def shop(kernel: Kernel) -> Kernel:
    ran = kernel.run(SHOP, "shop")
    assert ran.error is None, ran.traceback
    return kernel


def explain(kernel: Kernel, line: str = "") -> list[str]:
    ran = kernel.run(f"%explain {line}")
    assert ran.error is None, ran.traceback
    return ran.text.split("\n")


def test_a_path_is_explained_and_not_sent(shop):
    shop.run("sent.clear()")
    title, _, *lines = explain(shop, "/items/7")
    assert title == "GET /items/7 → item"
    assert lines[0].split("  ")[0] == "/items/<int:id>"
    assert lines[0].endswith("answers, with id='7'")
    assert "called first: load_user (before_request, in def load_user():, line 4)" in lines
    assert shop.value("sent") == "[]"


def test_a_path_that_nothing_takes_says_why(shop):
    title, _, line, *_ = explain(shop, "/items/x")
    assert title == "GET /items/x → 404 Not Found: no rule takes it"
    assert line.endswith("<int:id> does not take 'x': it takes digits")


def test_it_is_a_table_in_html(shop):
    html = shop.run("%explain /items/x").outputs[0]["text/html"]
    assert "<table" in html
    assert "&lt;int:id&gt; does not take" in html


def test_near_rules_and_allowed_methods_are_told(shop):
    assert "near: GET /things/" in explain(shop, "/thinks/")
    assert (
        explain(shop, "PUT /order")[0]
        == "PUT /order → 405 Method Not Allowed: the path answers OPTIONS, POST"
    )


def test_a_missing_slash_leads_to_a_redirect(shop):
    title, _, line, *_ = explain(shop, "/things")
    assert title == "GET /things → 308 Permanent Redirect to /things/"
    assert line.endswith("redirects: its slash at the end is missing")


def test_secrets_in_a_path_are_masked_among_the_values(shop):
    assert any(
        line.endswith("answers, with secret=<hidden>") for line in explain(shop, "/admin/abcdef123456")
    )


def test_a_url_says_what_is_missing_and_what_is_refused(shop):
    assert explain(shop, "item")[-1] == "type %url_for item id=…"
    assert "<int:id> does not take 'x'" in explain(shop, "item id=x")[2]
    assert explain(shop, "item id=3 page=2")[0] == "item id='3' page='2' → /items/3?page=2"
    assert explain(shop, "itms id=3") == ["there is no endpoint 'itms'. Near: item (/items/<int:id>)"]


@pytest.mark.parametrize(
    ("request_line", "words"),
    [
        ("%get /nope", "GET /nope → 404 Not Found: no rule matches"),
        ("%get /items/x", "<int:id> does not take 'x'"),
        ("%put /order", "405 Method Not Allowed: the path answers OPTIONS, POST"),
        ("%get /things --no-follow", "308 Permanent Redirect to /things/"),
        ("%get /moved --no-follow", "the view moved redirects to /things/?token=…"),
        ("%get /gone", "the view gone itself answered 404: sold out"),
        ("%get /boom", 'view boom, line 16:   def boom(): return {}["x"]'),
        ("%post /order nome=Ann --form", "itself answered 400"),
    ],
)
def test_alone_it_explains_what_went_wrong_last(shop, request_line, words):
    shop.run(request_line)
    shop.run("%get /items/1")
    assert words in "\n".join(explain(shop))


def test_a_route_that_has_come_since_is_told(shop):
    shop.run("%get /later")
    shop.run('@app.get("/later")\ndef later(): return ""', "later")
    lines = explain(shop)
    assert lines[0] == "GET /later → 404"
    assert "the routes have changed since then; this is what it comes to now:" in lines
    assert "GET /later → later" in lines


def test_another_app_is_named_by_its_variable(shop):
    shop.run('other = Flask("other")\n@other.get("/o")\ndef o(): return ""', "other")
    assert explain(shop, "--app other /o")[0] == "GET /o → o"
    assert explain(shop, "/o")[0].startswith("GET /o → 404")


def test_an_app_of_another_framework_tells_its_routes_near_the_path(shop):
    shop.run(
        "from starlette.applications import Starlette\nfrom starlette.routing import Route\n"
        "star = Starlette(routes=[Route('/stars/{name}', lambda request: None, name='star')])"
    )
    fits = explain(shop, "--app star /stars/vega")
    assert fits[0] == "GET /stars/vega"
    assert fits[2].endswith("fits by its shape")
    assert "decides by itself which of its routes answers" in fits[3]
    assert "near: GET /stars/{name}" in explain(shop, "--app star /star/vega")
    assert explain(shop, "--app star star name=vega")[0] == "star name='vega' → /stars/vega"


def test_a_callable_says_that_it_tells_nothing(shop):
    shop.run("def site(environ, start_response): ...")
    assert "does not tell its routes" in explain(shop, "--app site /x")[-1]


def test_paths_endpoints_and_methods_are_completed(shop):
    def complete(line: str) -> list[str]:
        reply = shop.client.complete(line, len(line), reply=True, timeout=30)
        return list(reply["content"]["matches"])

    assert complete("%explain /th") == ["/things/"]
    assert complete("%explain PO") == ["POST"]
    assert complete("%explain POST /") == ["/order"]
    assert complete("%explain boo") == ["boom"]
    assert complete("%explain item ")[:1] == ["id="]
