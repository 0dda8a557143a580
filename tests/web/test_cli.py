"""The command line, held against Flask's: finding the app, groups, options, shell and routes."""

from __future__ import annotations

import importlib
import os
import sys
import textwrap
from contextvars import copy_context
from importlib.metadata import EntryPoint

import click
import pytest
from click.testing import CliRunner

ONE_APP = "from FRAMEWORK import Flask\nsite = Flask('one')\n"
FACTORY = """
from FRAMEWORK import Flask

def create_app(name="made", *, suffix=""):
    return Flask(name + suffix)

def broken():
    raise TypeError("from within")

def number():
    return 3

other = create_app
"""


@pytest.fixture
def cli(framework):
    return importlib.import_module(f"{framework.__name__}.cli")


@pytest.fixture
def own_cli():
    return importlib.import_module("flask_nb.web.cli")


@pytest.fixture(autouse=True)
def _restored(tmp_path, monkeypatch):
    """Run in an empty folder, and undo what the commands do to the process."""
    environ, modules, path = dict(os.environ), set(sys.modules), list(sys.path)
    for name in [name for name in os.environ if name.startswith("FLASK_")]:
        del os.environ[name]
    monkeypatch.chdir(tmp_path)
    yield
    os.environ.clear()
    os.environ.update(environ)
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if str(tmp_path) in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]


@pytest.fixture
def write(tmp_path, request):
    """Write a file of the project; FRAMEWORK in it stands for the framework under test."""

    def write(name, text):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if "FRAMEWORK" in text:
            text = text.replace("FRAMEWORK", request.getfixturevalue("framework").__name__)
        file.write_text(textwrap.dedent(text))
        importlib.invalidate_caches()
        return file

    return write


@pytest.fixture
def invoke(cli):
    def invoke(*args, group=cli.cli, **kwargs):
        # In a context of its own, for Flask leaves the app's behind when the help ends a call.
        return copy_context().run(CliRunner().invoke, group, list(args), **kwargs)

    return invoke


def load(cli, import_path):
    return cli.ScriptInfo(import_path).load_app()


# ---- Finding the app -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("app = Flask('a'); other = Flask('b')", "a"),
        ("application = Flask('a'); other = Flask('b')", "a"),
        ("application = Flask('b'); app = Flask('a')", "a"),
        ("app = 3; whatever = Flask('a')", "a"),
        ("def create_app(): return Flask('a')", "a"),
        ("def make_app(name='a'): return Flask(name)", "a"),
        ("def create_app(): return 3\ndef make_app(): return Flask('a')", "a"),
        ("whatever = Flask('a')\ndef create_app(): return Flask('b')", "a"),
    ],
)
def test_the_best_app_of_a_module_is_found(cli, write, source, name):
    write("best.py", f"from FRAMEWORK import Flask\n{source}\n")
    assert load(cli, "best").name == name


@pytest.mark.parametrize(
    "source",
    [
        "",
        "one = Flask('a'); two = Flask('b')",
        "def create_app(name): return Flask(name)",
        "def create_app(): return 3",
        "def unusual(): return Flask('a')",
    ],
)
def test_a_module_without_one_clear_app_is_refused(cli, write, source):
    write("unclear.py", f"from FRAMEWORK import Flask\n{source}\n")
    with pytest.raises(cli.NoAppException, match="unclear"):
        load(cli, "unclear")


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("create_app", "made"),
        ("create_app()", "made"),
        ("  create_app( ) ", "made"),
        ("create_app('x')", "x"),
        ("create_app('x', suffix='y')", "xy"),
        ("other('x',)", "x"),
    ],
)
def test_an_expression_names_the_app(cli, write, expression, name):
    write("factory.py", FACTORY)
    assert load(cli, f"factory:{expression}").name == name


@pytest.mark.parametrize(
    "expression",
    ["", "create_app(", "create_app(x)", "create_app(1, 2)", "create_app(no='x')", "create_app().name"],
)
def test_an_expression_that_cannot_be_called_is_refused(cli, write, expression):
    write("factory.py", FACTORY)
    with pytest.raises(cli.NoAppException):
        load(cli, f"factory:{expression}")


@pytest.mark.parametrize("expression", ["absent", "number", "a.b", "1 + 1", "Flask", "number()"])
def test_an_expression_that_is_no_app_is_refused(cli, write, expression):
    write("factory.py", FACTORY)
    with pytest.raises(cli.NoAppException):
        load(cli, f"factory:{expression}")


@pytest.mark.parametrize("import_path", ["within:broken", "within:broken()"])
def test_a_type_error_within_a_factory_is_raised(cli, write, import_path):
    write("within.py", FACTORY)
    with pytest.raises(TypeError, match="from within"):
        load(cli, import_path)


@pytest.mark.parametrize(
    ("path", "module", "folder"),
    [
        ("single.py", "single", "."),
        ("single", "single", "."),
        ("pkg/mod.py", "pkg.mod", "."),
        ("pkg/__init__.py", "pkg", "."),
        ("pkg", "pkg", "."),
        ("pkg/sub/deep.py", "pkg.sub.deep", "."),
        ("loose/mod.py", "mod", "loose"),
        ("pkg.mod", "pkg.mod", "."),
    ],
)
def test_a_path_becomes_a_module_on_the_import_path(cli, write, tmp_path, path, module, folder):
    for name in ("single.py", "pkg/__init__.py", "pkg/mod.py", "pkg/sub/__init__.py", "loose/mod.py"):
        write(name, "")
    assert cli.prepare_import(path) == module
    assert sys.path[0] == os.path.realpath(tmp_path / folder)


def test_a_file_may_be_named_with_its_app(cli, write):
    file = write("src/website.py", FACTORY)
    assert load(cli, f"{file}:create_app('x')").name == "x"


def test_a_module_that_is_not_there_is_refused_by_name(cli):
    with pytest.raises(cli.NoAppException, match="not_there_at_all") as caught:
        load(cli, "not_there_at_all")
    assert "Traceback" not in str(caught.value)


def test_an_import_that_fails_within_the_module_shows_where(cli, write):
    write("inner.py", "import not_there_at_all\n")
    with pytest.raises(cli.NoAppException, match=r"(?s)Traceback.*inner\.py.*not_there_at_all"):
        load(cli, "inner")


def test_a_missing_module_may_be_tolerated(cli, write):
    write("inner.py", "import not_there_at_all\n")
    assert cli.locate_app("not_there_at_all", None, raise_if_not_found=False) is None
    sys.path.insert(0, os.getcwd())
    with pytest.raises(cli.NoAppException):
        cli.locate_app("inner", None, raise_if_not_found=False)


def test_wsgi_py_goes_before_app_py(cli, write):
    write("app.py", "from FRAMEWORK import Flask\napp = Flask('second')\n")
    assert cli.ScriptInfo().load_app().name == "second"
    sys.modules.pop("app")
    write("wsgi.py", "from FRAMEWORK import Flask\napp = Flask('first')\n")
    assert cli.ScriptInfo().load_app().name == "first"


def test_without_any_app_the_error_says_what_to_give(cli):
    with pytest.raises(cli.NoAppException, match="--app"):
        cli.ScriptInfo().load_app()


def test_an_app_is_made_once(cli, framework):
    info = cli.ScriptInfo(create_app=lambda: framework.Flask("made"))
    assert info.load_app() is info.load_app()
    assert info.data == {}


@pytest.mark.parametrize(("flag", "expected"), [(True, True), (False, False)])
def test_debug_mode_is_set_only_where_wanted(cli, framework, monkeypatch, flag, expected):
    app = framework.Flask("a")
    monkeypatch.setenv("FLASK_DEBUG", "1")
    app.debug = False
    assert cli.ScriptInfo(create_app=lambda: app, set_debug_flag=flag).load_app().debug is expected


def test_an_app_of_installed_flask_is_told_about_as_flask(own_cli, write):
    write("foreign.py", "from flask import Flask\napp = Flask('foreign')\n")
    write("made.py", "def create_app():\n    from flask import Flask\n    return Flask('made')\n")
    for import_path in ("foreign", "foreign:app", "made", "made:create_app"):
        with pytest.raises(own_cli.NoAppException, match="--as-flask"):
            load(own_cli, import_path)


def test_another_kind_of_file_is_loaded_by_its_loader(own_cli, monkeypatch):
    from flask_nb.web import Flask

    monkeypatch.setitem(own_cli.app_loaders, ".txt", lambda path, name: Flask(f"{path}-{name}"))
    assert load(own_cli, "notes.txt").name == "notes.txt-None"
    assert load(own_cli, "notes.txt:site").name == "notes.txt-site"


# ---- Groups --------------------------------------------------------------------------------------


@pytest.fixture
def app(framework):
    return framework.Flask("the_app")


def test_commands_of_an_app_run_in_its_context(framework, app):
    @app.cli.command("who")
    def who():
        click.echo(framework.current_app.name)

    assert app.test_cli_runner().invoke(args=["who"]).output == "the_app\n"


def test_a_command_may_do_without_context(framework, app, cli):
    group = cli.AppGroup()

    @group.command("bare", with_appcontext=False)
    def bare():
        click.echo(framework.has_app_context())

    @group.group("more")
    def more():
        pass

    @more.command()
    def inner():
        click.echo(framework.current_app.name)

    runner = app.test_cli_runner()
    assert runner.invoke(group, ["bare"]).output == "False\n"
    assert runner.invoke(group, ["more", "inner"]).output == "the_app\n"
    assert isinstance(more, cli.AppGroup)


def test_with_appcontext_uses_a_context_that_is_there(framework, app, cli):
    @click.command()
    @cli.with_appcontext
    def show():
        click.echo(framework.g.get("mark", "nothing"))

    with app.app_context():
        framework.g.mark = "pushed"
        assert CliRunner().invoke(show).output == "pushed\n"
    result = CliRunner().invoke(show, obj=cli.ScriptInfo(create_app=lambda: app))
    assert result.output == "nothing\n"


def test_with_appcontext_keeps_name_and_help(cli):
    @cli.with_appcontext
    def documented():
        """What it does."""

    assert (documented.__name__, documented.__doc__) == ("documented", "What it does.")


def test_the_context_ends_with_the_command(framework, app, cli):
    ended = []
    app.teardown_appcontext(ended.append)

    @app.cli.command("go")
    def go():
        ended.append("running")

    result = CliRunner().invoke(cli.FlaskGroup(create_app=lambda: app), ["go"])
    assert result.exit_code == 0
    assert ended[0] == "running"
    assert len(ended) == 2
    assert not framework.has_app_context()


def test_a_parameters_callback_has_the_context_too(framework, app, cli):
    def upper(ctx, param, value):
        return framework.current_app.name.upper()

    @app.cli.command("call")
    @click.option("--name", callback=upper)
    def call(name):
        click.echo(name)

    assert CliRunner().invoke(cli.FlaskGroup(create_app=lambda: app), ["call"]).output == "THE_APP\n"


def test_a_group_of_ones_own_has_the_default_commands(framework, app, cli):
    group = cli.FlaskGroup(create_app=lambda: app)
    result = CliRunner().invoke(group, ["routes"])
    assert "/static/<path:filename>" in result.output
    bare = cli.FlaskGroup(create_app=lambda: app, add_default_commands=False, add_version_option=False)
    assert [*bare.commands] == []
    assert [param.name for param in bare.params] == ["env_file", "app", "debug"]


def test_a_group_takes_parameters_and_settings_of_ones_own(cli):
    extra = click.Option(["--extra"])
    group = cli.FlaskGroup(params=[extra], context_settings={"auto_envvar_prefix": "SITE"}, name="site")
    assert group.params[0] is extra
    assert group.context_settings["auto_envvar_prefix"] == "SITE"
    assert cli.FlaskGroup().context_settings["auto_envvar_prefix"] == "FLASK"


def test_a_group_works_below_another(framework, app, cli):
    @click.group()
    def outer():
        pass

    group = cli.FlaskGroup(name="web", create_app=lambda: app)
    outer.add_command(group)

    @group.command("who")
    def who():
        click.echo(framework.current_app.name)

    assert CliRunner().invoke(outer, ["web", "who"]).output == "the_app\n"


def test_pass_script_info_gives_the_calls_own(app, cli):
    @click.command()
    @cli.pass_script_info
    def show(info):
        click.echo(info.load_app().name)

    assert CliRunner().invoke(show, obj=cli.ScriptInfo(create_app=lambda: app)).output == "the_app\n"


def test_commands_know_that_they_are_the_command_line(invoke, write):
    write("env.py", ONE_APP + "import click, os\n@site.cli.command()\ndef e(): click.echo(os.environ)\n")
    assert "'FLASK_RUN_FROM_CLI': 'true'" in invoke("-A", "env", "e").output


def test_a_blueprints_commands_form_a_group_of_its_name(invoke, write):
    write(
        "blue.py",
        """
        import click
        from FRAMEWORK import Blueprint, Flask
        site = Flask("blue")
        for name, group in [("one", {}), ("two", {"cli_group": "named"}), ("three", {"cli_group": None})]:
            bp = Blueprint(name, __name__, **group)
            bp.cli.command("say-" + name)(lambda name=name: click.echo("from " + name))
            site.register_blueprint(bp)
        """,
    )
    assert invoke("-A", "blue", "one", "say-one").output == "from one\n"
    assert invoke("-A", "blue", "named", "say-two").output == "from two\n"
    assert invoke("-A", "blue", "say-three").output == "from three\n"


def plugin(name, value):
    return lambda *, group, **kwargs: [EntryPoint(name, value, group)] if group == "flask.commands" else []


def test_installed_plugins_bring_commands(cli, app, write, monkeypatch):
    write("plug.py", "import click\n@click.command()\ndef plugged(): click.echo('plugged in')\n")
    sys.path.insert(0, os.getcwd())
    monkeypatch.setattr("importlib.metadata.entry_points", plugin("plugged", "plug:plugged"))
    result = CliRunner().invoke(cli.FlaskGroup(create_app=lambda: app), ["plugged"])
    assert result.output == "plugged in\n"


def test_a_plugin_that_cannot_be_imported_leaves_the_other_commands(own_cli, monkeypatch):
    from flask_nb.web import Flask

    monkeypatch.setattr("importlib.metadata.entry_points", plugin("bad", "not_there_at_all:cmd"))
    result = CliRunner().invoke(own_cli.FlaskGroup(create_app=lambda: Flask("a")), ["routes"])
    assert result.exit_code == 0
    assert "'bad'" in result.stderr
    assert "/static/" in result.stdout


# ---- The group's options -------------------------------------------------------------------------


@pytest.mark.parametrize("args", [["--help"], []])
def test_the_help_lists_the_apps_commands(invoke, write, monkeypatch, args):
    write("helped.py", ONE_APP + "@site.cli.command()\ndef mine(): 'Do mine.'\n")
    monkeypatch.setenv("FLASK_APP", "helped")
    result = invoke(*args)
    assert "mine    Do mine." in result.output
    assert all(command in result.output for command in ("routes", "run", "shell", "--version"))


@pytest.mark.parametrize("source", ["1/0\n", "import not_there_at_all\n", "app = 3\n"])
def test_the_help_comes_up_whatever_the_app_does(invoke, write, source):
    write("bad.py", source)
    result = invoke("--app", "bad", "--help")
    assert result.exit_code == 0
    assert "routes" in result.stdout
    assert result.stderr


@pytest.mark.parametrize("args", [["--help"], []])
def test_the_help_leaves_no_context_behind(own_cli, args):
    from flask_nb.web import Flask, has_app_context

    app = Flask("helped")
    app.cli.command("mine")(lambda: None)
    assert "mine" in CliRunner().invoke(own_cli.FlaskGroup(create_app=lambda: app), args).output
    assert not has_app_context()


def test_an_unknown_command_says_also_why_there_is_no_app(invoke):
    result = invoke("nonsense")
    assert result.exit_code == 2
    assert "'nonsense'" in result.stderr
    assert "--app" in result.stderr


def test_a_command_without_app_ends_with_status_two(invoke):
    result = invoke("routes")
    assert result.exit_code == 2
    assert "wsgi.py" in result.stderr


@pytest.mark.parametrize(
    ("args", "environ", "debug"),
    [
        ([], {}, "False"),
        (["--debug"], {}, "True"),
        ([], {"FLASK_DEBUG": "1"}, "True"),
        ([], {"FLASK_DEBUG": "true"}, "True"),
        ([], {"FLASK_DEBUG": "0"}, "False"),
        ([], {"FLASK_DEBUG": ""}, "False"),
        (["--no-debug"], {"FLASK_DEBUG": "1"}, "False"),
        (["--debug"], {"FLASK_DEBUG": "0"}, "True"),
    ],
)
def test_debug_mode_from_option_and_environment(invoke, write, args, environ, debug):
    write("dbg.py", ONE_APP + "import click\n@site.cli.command()\ndef d(): click.echo(site.debug)\n")
    assert invoke("-A", "dbg", *args, "d", env=environ).output == f"{debug}\n"


def test_an_unreadable_debug_flag_is_refused(invoke):
    assert invoke("routes", env={"FLASK_DEBUG": "perhaps"}).exit_code == 2


def test_version_names_python_and_werkzeug(invoke):
    output = invoke("--version").output
    assert f"Python {sys.version.split()[0]}\n" in output
    assert "Werkzeug 3." in output
    assert len(output.splitlines()) == 3


# ---- .env files ----------------------------------------------------------------------------------


def test_env_files_in_their_order_and_the_environment_first(cli, write, monkeypatch):
    write(".flaskenv", "T_A=flaskenv\nT_B=flaskenv\nT_C=flaskenv\nT_D=flaskenv\n")
    write(".env", "T_B=env\nT_C=env\nT_D=env\nT_NONE\nT_EMPTY=\n")
    write("given.env", "T_C=given\nT_D=given\n")
    monkeypatch.setenv("T_D", "environ")
    assert cli.load_dotenv("given.env") is True
    assert [os.environ[f"T_{x}"] for x in ("A", "B", "C", "D", "EMPTY")] == [
        "flaskenv", "env", "given", "environ", "",
    ]  # fmt: skip
    assert "T_NONE" not in os.environ


def test_env_files_are_found_upwards_and_the_folder_stays(cli, write, monkeypatch):
    write(".env", "T_UP=found\n")
    (nested := write("a/b/c.txt", "").parent)
    monkeypatch.chdir(nested)
    assert cli.load_dotenv()
    assert os.environ["T_UP"] == "found"
    assert os.getcwd() == str(nested)


def test_env_files_may_be_left_aside(cli, write):
    write(".env", "T_X=1\n")
    assert cli.load_dotenv(load_defaults=False) is False
    assert cli.load_dotenv("absent.env", load_defaults=False) is False
    assert "T_X" not in os.environ


def test_an_app_named_in_an_env_file_is_loaded(invoke, write):
    write("named.py", ONE_APP)
    write(".flaskenv", "FLASK_APP=named\n")
    assert "/static/" in invoke("routes").output


def test_env_file_option_goes_before_the_default_files(invoke, write):
    write("named.py", ONE_APP)
    write("given.env", "FLASK_APP=named\n")
    write(".flaskenv", "FLASK_APP=not_there_at_all\n")
    assert "/static/" in invoke("-e", "given.env", "routes").output
    assert invoke("-e", "absent.env", "routes").exit_code == 2


def test_the_env_file_may_be_named_in_the_environment(invoke, write, monkeypatch):
    write("named.py", ONE_APP)
    write("given.env", "FLASK_APP=named\n")
    monkeypatch.setenv("FLASK_ENV_FILE", "given.env")
    assert "/static/" in invoke("routes").output


def test_skip_dotenv_leaves_the_default_files_but_not_the_given_one(cli, invoke, write, monkeypatch):
    monkeypatch.setenv("FLASK_SKIP_DOTENV", "1")
    write("named.py", ONE_APP)
    write(".flaskenv", "FLASK_APP=named\n")
    assert invoke("routes").exit_code == 2
    assert invoke("-e", ".flaskenv", "routes").exit_code == 0
    assert cli.ScriptInfo().load_dotenv_defaults is False


def test_without_python_dotenv_one_line_says_so(cli, invoke, write, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "dotenv", None)
    assert cli.load_dotenv() is False
    assert capsys.readouterr().err == ""
    write(".env", "T_X=1\n")
    assert cli.load_dotenv() is False
    assert "python-dotenv" in capsys.readouterr().err
    result = invoke("-e", ".env", "routes")
    assert result.exit_code == 2
    assert "python-dotenv" in result.stderr


# ---- shell ---------------------------------------------------------------------------------------


def test_shell_runs_in_the_apps_context(invoke, write):
    write("sh.py", ONE_APP + "@site.shell_context_processor\ndef more(): return {'answer': 42}\n")
    result = invoke("-A", "sh", "shell", input="print(app.name, answer, g)\n")
    assert "one 42 <flask.g of 'one'>" in result.output
    assert "App: one" in result.output + result.stderr


def test_shell_runs_the_startup_file_which_hides_no_name_of_the_app(invoke, write, monkeypatch):
    write("sh.py", ONE_APP)
    monkeypatch.setenv("PYTHONSTARTUP", str(write("startup.py", "seen = 'read'; app = None\n")))
    assert "read one" in invoke("-A", "sh", "shell", input="print(seen, app.name)\n").output


def test_shell_completes_from_its_names(invoke, write, monkeypatch):
    readline = pytest.importorskip("readline")
    write("sh.py", ONE_APP)
    monkeypatch.setattr(sys, "__interactivehook__", lambda: print("hook ran"), raising=False)
    before = readline.get_completer()
    try:
        result = invoke(
            "-A", "sh", "shell", input="import readline\nprint(readline.get_completer()('ap', 0))\n"
        )
    finally:
        readline.set_completer(before)
    assert "hook ran" in result.output
    assert "app(" in result.output


def test_shell_starts_the_prompt_that_was_set(own_cli, monkeypatch):
    from flask_nb.web import Flask

    started = []
    monkeypatch.setattr(own_cli, "repl", lambda banner, namespace: started.append((banner, namespace)))
    CliRunner().invoke(own_cli.FlaskGroup(create_app=lambda: Flask("a")), ["shell"])
    [(banner, namespace)] = started
    assert "App: a" in banner
    assert namespace["app"].name == "a"


# ---- routes --------------------------------------------------------------------------------------


def table(result):
    return [line.rstrip() for line in result.output.splitlines()]


@pytest.fixture
def routed(framework):
    app = framework.Flask("routed", static_folder=None)
    app.add_url_rule("/b", "first", methods=["POST", "GET"])
    app.add_url_rule("/a/<int:n>", "second", methods=["DELETE"])
    app.add_url_rule("/c", "bp", methods=["PUT"])
    return app


def test_routes_are_a_table(routed):
    assert table(run_routes(routed)) == [
        "Endpoint  Methods    Rule",
        "--------  ---------  ----------",
        "bp        PUT        /c",
        "first     GET, POST  /b",
        "second    DELETE     /a/<int:n>",
    ]


def run_routes(app, *args):
    module = importlib.import_module(f"{type(app).__module__.removesuffix('.app')}.cli")
    return CliRunner().invoke(module.cli, ["routes", *args], obj=module.ScriptInfo(create_app=lambda: app))


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("endpoint", ["bp", "first", "second"]),
        ("methods", ["second", "first", "bp"]),
        ("rule", ["second", "first", "bp"]),
        ("domain", None),
        ("match", None),
    ],
)
def test_routes_are_sorted(routed, sort, order):
    rows = [line.split()[0] for line in table(run_routes(routed, "-s", sort))[2:]]
    order = order or [rule.endpoint for rule in routed.url_map.iter_rules()]
    assert rows == order


def test_all_methods_are_listed_on_demand(routed):
    lines = table(run_routes(routed, "--all-methods"))
    assert "first     GET, HEAD, OPTIONS, POST  /b" in lines
    assert "bp        OPTIONS, PUT              /c" in lines


def test_no_routes_are_one_line(framework):
    app = framework.Flask("empty", static_folder=None)
    assert run_routes(app).output == "No routes were registered.\n"


@pytest.mark.parametrize(
    ("options", "rule", "heading"),
    [
        ({"subdomain_matching": True}, {"subdomain": "api"}, "Subdomain"),
        ({"host_matching": True, "static_folder": None}, {"host": "api.example"}, "Host"),
    ],
)
def test_a_domain_has_a_column(framework, options, rule, heading):
    app = framework.Flask("domains", **{"static_folder": None, **options})
    app.add_url_rule("/x", "x", **rule)
    lines = table(run_routes(app))
    assert lines[0].split() == ["Endpoint", "Methods", heading, "Rule"]
    assert lines[2].split() == ["x", "GET", next(iter(rule.values())), "/x"]


def test_an_unknown_order_is_refused(routed):
    assert run_routes(routed, "-s", "length").exit_code == 2
