"""Views as classes."""

from __future__ import annotations

import functools
import inspect

import pytest


def test_each_method_is_answered_by_its_own(framework, app, client):
    class Item(framework.views.MethodView):
        def get(self, number):
            return f"got {number}"

        def delete(self, number):
            return f"deleted {number}"

    app.add_url_rule("/items/<int:number>", view_func=Item.as_view("item"))
    assert client.get("/items/5").text == "got 5"
    assert client.delete("/items/5").text == "deleted 5"
    response = client.put("/items/5")
    assert response.status_code == 405
    assert set(response.allow) == {"GET", "HEAD", "DELETE", "OPTIONS"}


def test_head_is_answered_by_get_unless_there_is_head(framework, app, client):
    class A(framework.views.MethodView):
        def get(self):
            return "body", {"X-By": "get"}

    class B(A):
        def head(self):
            return "", {"X-By": "head"}

    app.add_url_rule("/a", view_func=A.as_view("a"))
    app.add_url_rule("/b", view_func=B.as_view("b"))
    assert client.head("/a").headers["X-By"] == "get"
    assert client.head("/b").headers["X-By"] == "head"


def test_methods_are_collected_over_all_bases(framework):
    class Readable(framework.views.MethodView):
        def get(self): ...

    class Writable(framework.views.MethodView):
        def put(self): ...

    class Both(Readable, Writable):
        def post(self): ...

    assert set(Both.methods) == {"GET", "PUT", "POST"}
    assert set(Readable.methods) == {"GET"}


def test_methods_that_are_set_are_not_collected(framework):
    class All(framework.views.MethodView):
        def get(self): ...
        def post(self): ...

    class Fewer(All):
        methods = ("GET",)

    class Unset(All):
        methods = None

    assert Fewer.methods == ("GET",)
    assert Unset.methods is None


def test_a_view_without_methods_answers_get_with_an_assertion(framework, app, client):
    class Empty(framework.views.MethodView):
        pass

    app.add_url_rule("/", view_func=Empty.as_view("empty"))
    assert Empty.methods is None
    with pytest.raises(AssertionError, match="GET"):
        client.get("/")


def test_a_view_must_answer(framework, app):
    with pytest.raises(NotImplementedError):
        framework.views.View().dispatch_request()


def test_the_function_carries_name_docstring_module_and_class(framework):
    class Page(framework.views.View):
        """Shows a page."""

        methods = ("GET", "POST")
        provide_automatic_options = False

    view = Page.as_view("page")
    assert (view.__name__, view.__doc__, view.__module__) == ("page", "Shows a page.", __name__)
    assert view.view_class is Page
    assert view.methods == ("GET", "POST")
    assert view.provide_automatic_options is False
    assert inspect.isfunction(view)


def test_arguments_reach_every_new_instance(framework, app, client):
    made = []

    class Page(framework.views.View):
        def __init__(self, text, *, end):
            made.append(self)
            self.text = text + end

        def dispatch_request(self):
            return self.text

    app.add_url_rule("/", view_func=Page.as_view("page", "a", end="z"))
    assert [client.get("/").text, client.get("/").text] == ["az", "az"]
    assert len(made) == 2


def test_one_instance_can_serve_all_requests(framework, app, client):
    made = []

    class Page(framework.views.View):
        init_every_request = False

        def __init__(self):
            made.append(self)

        def dispatch_request(self):
            return "page"

    app.add_url_rule("/", view_func=Page.as_view("page"))
    assert len(made) == 1
    client.get("/")
    client.get("/")
    assert len(made) == 1


def test_decorators_are_applied_in_the_order_of_the_list(framework, app, client):
    def add(letter):
        def decorate(view):
            assert view.__name__ == "page"

            @functools.wraps(view)
            def wrapper(**values):
                return view(**values) + letter

            return wrapper

        return decorate

    class Page(framework.views.View):
        decorators = [add("1"), add("2")]  # noqa: RUF012

        def dispatch_request(self):
            return "page"

    view = Page.as_view("page")
    app.add_url_rule("/", view_func=view)
    assert client.get("/").text == "page12"
    assert (view.__name__, view.view_class) == ("page", Page)


def test_the_class_behind_a_function_can_be_exchanged(framework, app, client):
    class Page(framework.views.View):
        def dispatch_request(self):
            return "page"

    class Other(framework.views.View):
        def dispatch_request(self):
            return "other"

    view = Page.as_view("page")
    app.add_url_rule("/", view_func=view)
    view.view_class = Other
    assert client.get("/").text == "other"


def test_options_are_automatic_unless_the_class_says_otherwise(framework, app, client):
    class Page(framework.views.View):
        def dispatch_request(self):
            return "page"

    class Without(Page):
        provide_automatic_options = False

    class Own(Page):
        methods = ("OPTIONS",)

        def dispatch_request(self):
            return "own"

    for name, view in {"page": Page, "without": Without, "own": Own}.items():
        app.add_url_rule(f"/{name}", view_func=view.as_view(name))
    assert set(client.options("/page").allow) == {"GET", "HEAD", "OPTIONS"}
    assert client.options("/without").status_code == 405
    assert client.options("/own").text == "own"


def test_a_method_may_be_a_coroutine(framework, app, client):
    class Page(framework.views.MethodView):
        async def get(self, name):
            return f"hello {name}"

    class Plain(framework.views.View):
        async def dispatch_request(self):
            return "plain"

    app.add_url_rule("/<name>", view_func=Page.as_view("page"))
    app.add_url_rule("/", view_func=Plain.as_view("plain"))
    assert client.get("/Ann").text == "hello Ann"
    assert client.get("/").text == "plain"


def test_a_view_can_be_registered_on_a_blueprint(framework, app, client):
    class Page(framework.views.View):
        def dispatch_request(self):
            return framework.request.endpoint

    blueprint = framework.Blueprint("shop", __name__)
    blueprint.add_url_rule("/", view_func=Page.as_view("page"))
    app.register_blueprint(blueprint, url_prefix="/shop")
    assert client.get("/shop/").text == "shop.page"
