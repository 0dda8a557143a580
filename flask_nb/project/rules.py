"""What is known of magics, methods and functions without running them: the tables that a plan goes by."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cell_python import Magic


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ASKING: dict[str, str] = {
    **dict.fromkeys(
        ("get", "post", "put", "patch", "delete", "head", "options", "http"), "it sends a request"
    ),
    **dict.fromkeys(("route", "template", "static", "config_from"), "it shows its help"),
    "request_context": "it runs code as in a request",
    "exchange": "it shows a request",
    "explain": "it explains a request",
    "export": "it writes the notebook as a project",
    "routes": "it shows the routes",
    "serve": "it is about the kernel's server",
    "browse": "it shows a page",
    "url_for": "it shows a URL",
    "cookies": "it is about the notebook's cookies",
    "app": "it shows the app",
    "check": "it checks an answer",
}
"""Our magics that exercise and inspect → why they are left out."""

QUIET = _words(
    "load_ext reload_ext unload_ext matplotlib autoreload aimport config pip conda mamba uv who whos "
    "who_ls history hist precision pdb debug tb xmode pinfo pinfo2 psource pdoc pfile lsmagic magic "
    "pwd  ls timeit prun html HTML javascript js latex markdown svg SVG colors page quickref notebook "
    "logstart logstop"
)
"""Magics of IPython that are about the kernel or about what is shown, so that nobody misses them."""

SHOWING = _words(
    "print pprint pp pprint.pprint pprint.pp display help input dir vars clear_output IPython.display.display"
)
"""Functions that show, and do nothing else."""

PLOTTING = ("matplotlib", "pylab", "seaborn", "plotly", "altair", "bokeh", "IPython.display", "ipywidgets")
"""Packages whose calls draw and show."""

CLIENTS = ("requests", "httpx", "urllib", "urllib3", "http.client", "webbrowser")
"""Packages by which a notebook asks servers, its own among them."""

SYSTEM = ("os.environ", "os.putenv", "os.unsetenv", "logging", "warnings", "sys.path")
"""What belongs to the process: statements that set it are taken, whoever needs it."""

PROXIES = frozenset({"g", "request", "session"})
"""The framework's names for what a request has; nothing of it outlives the cell."""

APP_CLASSES = frozenset(
    {"Flask", "FastAPI", "Quart", "Starlette", "Litestar", "Falcon", "Bottle", "APIFlask", "OpenAPI"}
)
BLUEPRINT_CLASSES = frozenset({"Blueprint", "APIBlueprint", "APIRouter"})
FACTORIES = ("create_app", "make_app")
APP_NAMES = ("app", "application")

EXERCISING = frozenset(
    {"test_client", "test_cli_runner", "test_request_context", "TestClient", "FlaskClient"}
)
"""What gives something to ask the app with."""

_APP_NEUTRAL = EXERCISING | _words(
    "run app_context request_context url_for preprocess_request process_response dispatch_request "
    "wsgi_app full_dispatch_request make_response open_resource open_instance_resource ensure_sync "
    "shell_context make_shell_context create_url_adapter iter_blueprints handle_exception "
    "get_send_file_max_age make_aborter run_async"
)
"""Methods of an app that register nothing."""

REGISTERING = _words(
    "route get post put patch delete head options websocket endpoint errorhandler app_errorhandler command "
    "before_request after_request teardown_request before_app_request after_app_request "
    "teardown_app_request teardown_appcontext context_processor app_context_processor template_filter "
    "template_test template_global app_template_filter app_template_test app_template_global "
    "url_value_preprocessor url_defaults app_url_value_preprocessor app_url_defaults record record_once"
)
"""Methods by whose decorators functions are registered, on whatever a module has made."""

_TELLING = _words("url_for render_template render_template_string jsonify get_flashed_messages make_response")

_NOT_REGISTERING = (
    SHOWING
    | EXERCISING
    | _words(
        "len repr str type id isinstance issubclass getattr hasattr callable list sorted iter bool hash "
        "pformat run_simple werkzeug.serving.run_simple make_server serve waitress.serve Client uvicorn.run "
        "inspect.getsource"
    )
)
"""Functions that an app may be handed to without anything being registered on it."""

_LOOKING = _words(
    "get keys values items count index copy head tail describe info sample hist plot boxplot show "
    "value_counts groupby mean median sum min max std var corr nunique unique query filter filter_by "
    "all first one scalar one_or_none scalars fetchone fetchall fetchmany startswith endswith split "
    "join format strip lower upper title encode decode exists is_file is_dir read_text read_bytes "
    "iterdir glob resolve predict predict_proba score transform decision_function json isoformat "
    "strftime total_seconds union intersection difference tolist iter_rules"
)
_LOOKING_BEGINNINGS = ("get_", "is_", "has_", "to_", "as_", "list_", "find_", "iter_", "plot_", "show_")
"""Methods that, as far as their names tell, leave everything as it is."""

MUTATING = _words(
    "append extend insert add update pop popitem remove discard clear setdefault appendleft extendleft "
    "popleft sort reverse subtract"
)
"""Methods by which Python's containers are changed."""


def is_quiet(magic: Magic) -> bool:
    """Whether something is asked of IPython that nobody misses elsewhere."""
    return magic.kind == "question" or magic.name in QUIET


def is_looking(method: str) -> bool:
    """Whether a method leaves everything as it is, as far as its name tells; those of texts do."""
    return method in _LOOKING or hasattr(str, method) or method.startswith(_LOOKING_BEGINNINGS)


def is_telling(function: str) -> bool:
    """Whether a function of the framework only returns something."""
    return function.rpartition(".")[2] in _TELLING


def registers_nothing(method: str) -> bool:
    """Whether a method of an app leaves it as it is: ``app.get`` registers, ``app.run`` does not."""
    return method in _APP_NEUTRAL or (method.startswith(_LOOKING_BEGINNINGS) and method not in ("as_view",))


def is_handed_for_nothing(function: str) -> bool:
    """Whether an app may be handed to a function without anything being registered on it."""
    return function in _NOT_REGISTERING or function.rpartition(".")[2] in EXERCISING


def is_below(path: str, packages: Collection[str]) -> bool:
    """Whether a dotted path is one of these, or below one."""
    return any(path == package or path.startswith(f"{package}.") for package in packages)
