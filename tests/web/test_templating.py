"""Templates: where they are found, what they can use, how they are rendered."""

from __future__ import annotations

import logging
import subprocess
import sys

import jinja2
import pytest
from markupsafe import Markup


@pytest.fixture
def templates(tmp_path):
    """The template folder of ``app``, as a function that writes templates."""

    def write(folder="templates", **files):
        (tmp_path / folder).mkdir(exist_ok=True, parents=True)
        for name, source in files.items():
            (tmp_path / folder / name.replace("__", ".")).write_text(source)

    return write


@pytest.fixture
def render(framework, app):
    """Render a string in a request of the app."""

    def render(source, **context):
        with app.test_request_context("/here"):
            return framework.render_template_string(source, **context)

    return render


def test_a_key_of_a_dictionary_is_written_as_an_attribute(render):
    data = {"name": "<Ann>", "items": "hidden", "__class__": "hidden", "none": None}
    assert render("{{ d.name }} {{ d.none }} {{ d['items'] }}", d=data) == "&lt;Ann&gt; None hidden"
    assert render("{{ d.items()|length }} {{ d.__class__.__name__ }}", d=data) == "4 dict"
    assert render("[{{ d.missing }}]", d=data) == "[]"
    with pytest.raises(jinja2.UndefinedError, match="'dict object' has no attribute 'missing'"):
        render("{{ d.missing.x }}", d=data)


def test_an_attribute_of_a_dictionary_of_ones_own_comes_before_its_key(render):
    class Row(dict):
        name = "attribute"

    assert render("{{ r.name }} {{ r.other }}", r=Row(name="key", other="other")) == "attribute other"


_GIVEN = (
    "{{ f(1, self=2, obj=3) }}{% for x in [4] %}{{ f(x) }}{% endfor %}"
    "{% block b %}{% for y in [5] %}{{ f(y, x=y) }}{% endfor %}{% endblock %}"
)


class _Calls:
    def method(this, /, *args, **kwargs):
        return f"{args} {kwargs} "

    __call__ = method

    @jinja2.pass_context
    def with_context(this, context, /, *args, **kwargs):
        return f"{context.get('x')} {args} {kwargs} "


@pytest.mark.parametrize(
    "f",
    [lambda *args, **kwargs: f"{args} {kwargs} ", _Calls().method, _Calls()],
    ids=["function", "method", "object"],
)
def test_a_function_gets_what_the_template_gives_it(render, f):
    given = "(1,) {&#39;self&#39;: 2, &#39;obj&#39;: 3} (4,) {} (5,) {&#39;x&#39;: 5} "
    assert render(_GIVEN, f=f) == given


def test_a_function_that_asks_for_the_context_gets_that_of_the_loop(render):
    source = "{% for y in [4] %}{% set x = y %}{{ f(y, x=5) }}{% endfor %}"
    assert render(source, f=_Calls().with_context) == "4 (4,) {&#39;x&#39;: 5} "
    assert render(source, f=jinja2.pass_context(lambda context, y, x: context["x"] + y + x)) == "13"


def test_a_function_that_stops_an_iteration_is_undefined(render):
    assert render("[{{ f() }}]", f=lambda: next(iter(()))) == "[]"


def test_the_traceback_of_a_function_leads_from_the_template_to_it(render):
    def broken():
        raise LookupError

    with pytest.raises(LookupError) as caught:
        render("{{ f() }}", f=broken)
    assert [entry.name for entry in caught.traceback][-2:] == ["top-level template code", "broken"]


def test_templates_and_their_contexts_are_shown_as_jinjas(app, templates):
    templates(page__html="{{ f() }}")
    template = app.jinja_env.get_template("page.html")
    assert repr(template) == "<Template 'page.html'>"
    assert template.render(f=jinja2.pass_context(lambda context: type(context).__name__)) == "Context"


def test_variables_come_before_globals(framework, app, templates):
    templates(
        page__html="{{ a }} {{ b }} {{ c }} {{ d }}", macros__html="{% macro m() %}{{ d }}{% endmacro %}"
    )
    app.jinja_env.globals.update(a="global", b="global", c="global", d="global")
    template = app.jinja_env.get_template("page.html", globals={"b": "template", "c": "template"})
    assert template.render(c="variable") == "global template variable global"
    app.jinja_env.globals["d"] = "changed"
    assert template.render({"c": None}) == "global template None changed"
    assert app.jinja_env.get_template("macros.html").module.m() == "changed"


def test_an_environment_may_have_other_templates_and_contexts(framework):
    class Shouting(jinja2.Template):
        def render(self, *args, **kwargs):
            return super().render(*args, **kwargs).upper()

    class Guessing(jinja2.runtime.Context):
        def resolve_or_missing(self, key):
            return key

    class Environment(framework.templating.Environment):
        template_class = Shouting
        context_class = Guessing

    environment = Environment(framework.Flask(__name__))
    assert environment.from_string("{{ a }} {{ a.upper() }}!").render() == "A A!"


def test_a_template_of_the_folder_is_rendered(framework, app, templates):
    templates(page__html="{{ a }} {{ request.path }}")
    with app.test_request_context("/here"):
        assert framework.render_template("page.html", a=1) == "1 /here"


def test_of_several_names_the_first_that_exists_counts(framework, app, templates):
    templates(page__html="page", other__html="other")
    with app.app_context():
        assert framework.render_template(["missing.html", "page.html", "other.html"]) == "page"


def test_a_template_object_can_be_rendered(framework, app):
    with app.app_context():
        template = app.jinja_env.from_string("{{ a }}")
        assert framework.render_template(template, a=1) == "1"
        assert framework.render_template(["missing.html", template], a=2) == "2"


def test_a_missing_template_is_named(framework, app):
    with app.app_context():
        with pytest.raises(jinja2.TemplateNotFound, match=r"missing\.html"):
            framework.render_template("missing.html")
        with pytest.raises(jinja2.TemplatesNotFound, match=r"a\.html, b\.html"):
            framework.render_template(["a.html", "b.html"])


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/passwd", "a/../../secret.txt", "..\\secret.txt"])
def test_no_name_leads_out_of_the_folder(framework, app, templates, tmp_path, name):
    templates()
    (tmp_path / "secret.txt").write_text("secret")
    with app.app_context(), pytest.raises(jinja2.TemplateNotFound):
        framework.render_template(name)


@pytest.mark.parametrize("suffix", ["html", "htm", "xml", "xhtml", "svg"])
def test_templates_for_markup_are_escaped(framework, app, templates, suffix):
    templates(**{f"page__{suffix}": "{{ a }}"})
    with app.app_context():
        assert framework.render_template(f"page.{suffix}", a="<") == "&lt;"


@pytest.mark.parametrize("suffix", ["txt", "js", "HTML", "html.j2"])
def test_other_templates_are_not_escaped(framework, app, templates, suffix):
    templates(**{f"page__{suffix}": "{{ a }}"})
    with app.app_context():
        assert framework.render_template(f"page.{suffix}", a="<") == "<"


def test_strings_are_always_escaped(render):
    assert render("{{ a }}{{ b }}{{ a|safe }}", a="<", b=Markup("<")) == "&lt;<<"
    assert render("{% autoescape false %}{{ a }}{% endautoescape %}", a="<") == "<"


def test_an_app_decides_about_escaping(framework):
    class App(framework.Flask):
        def select_jinja_autoescape(self, filename):
            return False

    with App(__name__).app_context():
        assert framework.render_template_string("{{ a }}", a="<") == "<"


def test_the_standard_names_are_there(framework, app, render):
    app.add_url_rule("/there", endpoint="there")
    app.config["OWN"] = "own"
    assert render("{{ url_for('there') }} {{ config.OWN }} {{ request.path }}") == "/there own /here"
    assert render("{{ g.x is defined }} {{ session.get('a', 'no') }}") == "False no"
    with app.test_request_context():
        framework.g.x = 5
        framework.session["a"] = 6
        framework.flash("message")
        source = "{{ g.x }} {{ session.a }} {{ get_flashed_messages() }}"
        assert framework.render_template_string(source) == "5 6 [&#39;message&#39;]"


def test_a_filter_of_a_constant_is_computed_for_each_rendering(app, render):
    calls = iter("ab")
    app.template_filter("numbered")(lambda value: f"{value}{next(calls)}")
    assert [render("{{ 'call '|numbered }}") for _ in "ab"] == ["call a", "call b"]


def test_outside_of_a_request_g_and_config_are_there(framework, app):
    with app.app_context():
        framework.g.x = 5
        source = "{{ g.x }} {{ config.TESTING }} {{ request is defined }}"
        assert framework.render_template_string(source) == "5 True True"


def test_imported_templates_see_the_globals(framework, app, templates, render):
    templates(macros__html="{% macro where() %}{{ request.path }} {{ g.x }}{% endmacro %}")
    source = "{% import 'macros.html' as macros %}{{ macros.where() }}"
    assert render(source) == "/here "


def test_rendering_does_not_touch_the_session_unless_the_template_does(framework, app, client):
    app.add_url_rule("/plain", view_func=lambda: framework.render_template_string("{{ g }}"), endpoint="a")
    app.add_url_rule(
        "/asks", view_func=lambda: framework.render_template_string("{{ session.a }}"), endpoint="b"
    )
    assert "Vary" not in client.get("/plain").headers
    assert client.get("/asks").headers["Vary"] == "Cookie"


def test_context_processors_add_names_but_do_not_win(framework, app, render):
    @app.context_processor
    def first():
        return {"a": "first", "b": "first", "request": "replaced"}

    @app.context_processor
    def second():
        return {"b": "second"}

    assert render("{{ a }} {{ b }} {{ request }}") == "first second replaced"
    assert render("{{ a }} {{ b }}", b="given") == "first given"


def test_context_processors_of_blueprints_are_for_their_own_views(framework, app, client):
    parent, child = framework.Blueprint("parent", __name__), framework.Blueprint("child", __name__)
    child.context_processor(lambda: {"c": "child", "p": "child"})
    parent.context_processor(lambda: {"p": "parent", "a": "parent"})
    parent.app_context_processor(lambda: {"a": "app", "everywhere": 1})
    source = "{{ a }} {{ p }} {{ c }} {{ everywhere }}"
    for scaffold, name in ((app, "top"), (parent, "mid"), (child, "low")):
        scaffold.add_url_rule(f"/{name}", name, lambda: framework.render_template_string(source))
    parent.register_blueprint(child)
    app.register_blueprint(parent)
    assert [client.get(f"/{name}").text for name in ("top", "mid", "low")] == [
        "app   1",
        "parent parent  1",
        "parent child child 1",
    ]


def test_a_context_processor_may_be_a_coroutine(app, render):
    @app.context_processor
    async def names():
        return {"a": "awaited"}

    assert render("{{ a }}") == "awaited"


@pytest.mark.parametrize("form", ["called", "named", "added"])
def test_filters_tests_and_globals_can_be_registered(framework, app, render, form):
    def shout(value="x"):
        return f"{value}!"

    name = "loud" if form in ("named", "added") else "shout"
    for kind in ("filter", "test", "global"):
        register = getattr(app, f"template_{kind}")
        if form == "called":
            assert register()(shout) is shout
        elif form == "named":
            register("loud")(shout)
        else:
            getattr(app, f"add_template_{kind}")(shout, "loud")
    assert render(f"{{{{ 'a'|{name} }}}} {{{{ 'a' is {name} }}}} {{{{ {name}() }}}}") == "a! a! x!"


def test_a_changed_filter_counts_at_once(framework, app, render):
    app.jinja_env.filters["f"] = lambda value: "old"
    assert render("{{ 'constant'|f }}") == "old"
    app.jinja_env.filters["f"] = lambda value: "new"
    assert render("{{ 'constant'|f }}") == "new"


def test_a_changed_global_or_option_counts_at_once(framework, app, render):
    app.jinja_env.globals["n"] = 1
    source = "{{ n }}\n{% if true %}\n  x{% endif %}"
    assert render(source) == "1\n\n  x"
    app.jinja_env.globals["n"] = 2
    app.jinja_env.trim_blocks = True
    assert render(source) == "2\n  x"
    app.jinja_env.autoescape = False
    assert render("{{ a }}", a="<") == "<"


def test_a_test_that_is_exchanged_counts_at_once(app, render):
    app.jinja_env.tests["big"] = lambda value: True
    assert render("{{ 1 is big }}") == "True"
    app.jinja_env.tests["big"] = lambda value: False
    assert render("{{ 1 is big }}") == "False"


def test_an_extension_that_is_added_counts_at_once(app, render):
    source = "{{ 1 }}{# {% do x.append(1) %} #}"
    assert render(source) == "1"
    app.jinja_env.add_extension("jinja2.ext.do")
    assert render("{% do [].append(1) %}x") == "x"
    assert render(source) == "1"


def test_an_overlay_compiles_with_its_own_options(framework, app):
    overlay = app.jinja_env.overlay(variable_start_string="<<", variable_end_string=">>")
    assert overlay.from_string("<< a >> {{ a }}").render(a=1) == "1 {{ a }}"
    with app.app_context():
        assert framework.render_template_string("<< a >> {{ a }}", a=1) == "<< a >> 1"
        app.jinja_env = overlay
        assert framework.render_template_string("<< a >> {{ a }}", a=1) == "1 {{ a }}"


def test_an_app_may_have_another_environment_class(framework):
    class Environment(framework.templating.Environment):
        pass

    class App(framework.Flask):
        jinja_environment = Environment
        jinja_options = {"trim_blocks": True, "line_comment_prefix": "##"}  # noqa: RUF012

    app = App(__name__)
    assert type(app.jinja_env) is Environment
    assert app.jinja_env.app is app
    with app.app_context():
        assert framework.render_template_string("{% if 1 %}\nx{% endif %} ## comment") == "x"


def test_the_environment_takes_its_loader_from_the_app(framework, app):
    environment = framework.templating.Environment(app, lstrip_blocks=True)
    assert isinstance(environment.loader, framework.templating.DispatchingJinjaLoader)
    assert environment.lstrip_blocks
    assert framework.templating.Environment(app, loader=None).loader is None


def test_the_app_comes_before_its_blueprints_in_their_order(framework, app, templates, tmp_path):
    templates(shared__html="app")
    templates("one", shared__html="one", both__html="one")
    templates("two", both__html="two", last__html="two")
    for name in ("one", "two"):
        app.register_blueprint(
            framework.Blueprint(name, __name__, root_path=str(tmp_path), template_folder=name)
        )
    with app.app_context():
        found = [framework.render_template(f"{name}.html") for name in ("shared", "both", "last")]
    assert found == ["app", "one", "two"]
    assert sorted(app.jinja_env.list_templates()) == ["both.html", "last.html", "shared.html"]


def test_a_blueprints_templates_are_found_only_once_it_is_registered(framework, app, templates, tmp_path):
    templates("own", page__html="own")
    blueprint = framework.Blueprint("b", __name__, root_path=str(tmp_path), template_folder="own")
    with app.app_context():
        with pytest.raises(jinja2.TemplateNotFound):
            framework.render_template("page.html")
        app.register_blueprint(blueprint)
        assert framework.render_template("page.html") == "own"


def test_the_search_for_a_template_is_explained_if_wanted(framework, app, templates, tmp_path, caplog):
    app.config["EXPLAIN_TEMPLATE_LOADING"] = True
    templates(both__html="app")
    templates("own", both__html="own")
    app.register_blueprint(
        framework.Blueprint("shop", __name__, root_path=str(tmp_path), template_folder="own")
    )
    with caplog.at_level(logging.INFO), app.app_context():
        assert framework.render_template("both.html") == "app"
    [record] = caplog.records
    for part in ("'both.html'", "1", "2", "app_under_test", "'shop'", str(tmp_path / "templates"), "own"):
        assert part in record.getMessage()


def test_the_search_for_a_missing_template_names_the_blueprint(framework, app, caplog):
    app.config["EXPLAIN_TEMPLATE_LOADING"] = True
    blueprint = framework.Blueprint("shop", __name__)
    blueprint.add_url_rule("/", "index", lambda: framework.render_template("missing.html"))
    app.register_blueprint(blueprint)
    with caplog.at_level(logging.INFO), pytest.raises(jinja2.TemplateNotFound):
        app.test_client().get("/")
    assert "'missing.html'" in caplog.text
    assert "'shop'" in caplog.text


@pytest.mark.parametrize(
    ("debug", "setting", "reloads"),
    [(False, None, False), (True, None, True), (True, False, False), (False, True, True)],
)
def test_templates_reload_in_debug_mode_unless_told(app, debug, setting, reloads):
    app.config.update(DEBUG=debug, TEMPLATES_AUTO_RELOAD=setting)
    assert app.jinja_env.auto_reload is reloads


def test_setting_debug_later_changes_reloading(app):
    assert app.jinja_env.auto_reload is False
    app.debug = True
    assert app.jinja_env.auto_reload is True


def test_debug_mode_reloads_templates_of_an_environment_that_is_made_later(framework):
    app = framework.Flask("x")
    app.jinja_options = {"auto_reload": False}
    app.debug = True
    assert app.jinja_env.auto_reload is True


def test_debug_mode_alone_imports_no_jinja():
    code = "import sys; from flask_nb import Flask; Flask('x').debug = True; print('jinja2' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_a_macro_can_be_called_from_python(framework, app, templates):
    templates(macros__html="{% macro hello(name) %}Hello {{ name }}{% endmacro %}{% set n = 5 %}")
    with app.app_context():
        hello = framework.get_template_attribute("macros.html", "hello")
        assert hello("<Ann>") == "Hello &lt;Ann&gt;"
        assert framework.get_template_attribute("macros.html", "n") == 5
        with pytest.raises(AttributeError):
            framework.get_template_attribute("macros.html", "missing")


@pytest.mark.parametrize("function", ["render_template", "render_template_string", "stream_template"])
def test_rendering_needs_an_app(framework, function):
    with pytest.raises(RuntimeError, match="application context"):
        getattr(framework, function)("x")


def test_an_error_in_a_template_shows_its_line(framework, app, templates):
    templates(broken__html="one\n{{ 1 + }}")
    templates(fails__html="one\n{{ 1 // 0 }}")
    with app.app_context():
        with pytest.raises(jinja2.TemplateSyntaxError) as caught:
            framework.render_template("broken.html")
        assert caught.value.lineno == 2
        with pytest.raises(ZeroDivisionError) as failed:
            framework.render_template("fails.html")
    assert failed.traceback[-1].lineno + 1 == 2


# --- streams ---


def test_a_stream_gives_the_template_piece_by_piece(framework, app, templates, client):
    templates(list__html="{% for n in numbers %}{{ n }},{% endfor %}{{ request.path }}")
    app.add_url_rule("/", "index", lambda: framework.stream_template("list.html", numbers=range(3)))
    response = client.get("/")
    assert response.is_streamed
    assert response.text == "0,1,2,/"


def test_a_stream_of_a_string_is_escaped_and_lazy(framework, app):
    pulled = []

    def numbers():
        for number in range(2):
            pulled.append(number)
            yield number

    with app.app_context():
        stream = framework.stream_template_string(
            "{% for n in numbers %}{{ a }}{% endfor %}", numbers=numbers(), a="<"
        )
        assert pulled == []
        assert "".join(stream) == "&lt;&lt;"


def test_a_stream_keeps_the_session_and_the_flashed_messages(framework, app, client):
    @app.get("/")
    def page():
        framework.flash("message")
        framework.session["a"] = "value"
        return framework.stream_template_string("{{ session.a }} {{ get_flashed_messages()[0] }} {{ g.x }}")

    @app.before_request
    def remember():
        framework.g.x = "g"

    assert client.get("/").text == "value message g"
