"""What goes on in an app of Flask's shape while it answers a request of the notebook.

Nobody listens but while such a request is on its way, so others pay nothing. Signals tell of templates,
flashes and the session. The steps are seen where every app of this shape asks for a function that it is
about to call: ``ensure_sync``. It is put on the app for the time of one traced request, and answers other
requests as ever; the tables of the app, which all threads share, stay as they are. A profiler
(``sys.setprofile``) would see frames instead of functions: two hooks of one decorator look alike in it, and
an ``async def`` view runs in another thread.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from blinker import Signal

if TYPE_CHECKING:
    from .flask_shaped import FlaskShapedEngine
    from .protocol import Witness

WitnessOf = Callable[[], "Witness | None"]

_PHASES = {
    "preprocess_request": "before_request",
    "dispatch_request": "view",
    "process_response": "after_request",
    "do_teardown_request": "teardown_request",
    "do_teardown_appcontext": "teardown_appcontext",
    **dict.fromkeys(("handle_http_exception", "handle_user_exception", "handle_exception"), "error handler"),
}
"""The methods of an app that call functions, and what people call those."""

_OF_NOTEBOOK = "flask_nb.body_reads"  # in the environ of what came through the recorder
_NEAR = 2  # frames: a helper may stand between such a method and `ensure_sync`


@contextmanager
def watching(engine: FlaskShapedEngine, witness_of: WitnessOf, is_tracing: bool) -> Iterator[None]:
    """Have the witnesses of requests told what goes on in the app as long as a block runs."""
    app, framework = engine.app, engine.framework()

    def own_witness() -> Witness | None:
        witness = witness_of()
        if witness is None:
            return None
        # A view may itself ask the app, through a test client: that is another request.
        is_own = not framework.has_request_context() or _OF_NOTEBOOK in framework.request.environ
        return witness if is_own else None

    def listen(signal: Signal, tell: Callable[..., None]) -> None:
        def receive(sender: Any, **values: Any) -> None:
            witness = own_witness() if sender is app else None
            if witness is not None:
                tell(witness, values)

        signal.connect(receive, weak=False)
        listening.callback(signal.disconnect, receive)

    def begin(witness: Witness, values: Mapping[str, Any]) -> None:
        request = framework.request
        exc = request.routing_exception
        match = f"{request.url_rule} → {request.endpoint}" if exc is None else f"{exc.code} {exc.name}"
        witness.begin(lambda: _state(engine), match, request.view_args or {})
        if is_tracing:
            table, names = app.url_value_preprocessors, (None, *reversed(request.blueprints))
            witness.preprocess([function for name in names for function in table.get(name, ())])

    with ExitStack() as listening:
        listen(framework.request_started, begin)
        listen(framework.request_tearing_down, lambda witness, values: witness.end())
        listen(
            framework.before_render_template,
            lambda witness, values: witness.template(values["template"].name, values["context"]),
        )
        listen(
            framework.message_flashed,
            lambda witness, values: witness.flash(values["category"], values["message"]),
        )
        if is_tracing:
            listen(framework.request_finished, lambda witness, values: witness.answer(values["response"]))
            listening.enter_context(_calls(app, own_witness))
        yield


def _state(engine: FlaskShapedEngine) -> dict[str, Mapping[str, Any]]:
    framework = engine.framework()
    g = framework.g
    arguments = framework.request.view_args if framework.has_request_context() else None
    in_g = {name: g.get(name) for name in g}
    return {"g": in_g, "session": engine.session_now(), "arguments": arguments or {}}


@contextmanager
def _calls(app: Any, witness_of: WitnessOf) -> Iterator[None]:
    """See what an app calls; what stands on the object itself is found before its class's."""
    before = app.ensure_sync

    def ensure_sync(function: Callable[..., Any]) -> Callable[..., Any]:
        ready: Callable[..., Any] = before(function)
        witness = witness_of()
        phase = _phase(app) if witness is not None and witness.is_tracing else None
        return ready if witness is None or phase is None else witness.call(phase, function, ready)

    own = vars(app)
    covered = own.get("ensure_sync")
    own["ensure_sync"] = ensure_sync
    try:
        yield
    finally:
        if own.get("ensure_sync") is ensure_sync:
            del own["ensure_sync"]
            if covered is not None:
                own["ensure_sync"] = covered


def _phase(app: Any) -> str | None:
    """Tell for what the app has asked, by its method that asks; a class of views may have one, too."""
    frame: FrameType | None = sys._getframe(2)
    for _ in range(_NEAR):
        if frame is None:
            break
        code = frame.f_code
        if code.co_name in _PHASES and frame.f_locals[code.co_varnames[0]] is app:
            return _PHASES[code.co_name]
        frame = frame.f_back
    return None
