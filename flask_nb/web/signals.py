"""The signals of a request's life and of what happens inside it.

Each is sent with the app as the sender. Whoever sends asks ``signal.receivers`` first, so a signal
that nobody listens to costs one attribute and one truth test.
"""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

#: A context of the app became active, and was left.
appcontext_pushed = _signals.signal("appcontext-pushed")
appcontext_popped = _signals.signal("appcontext-popped")
#: A context of the app ends; ``exc`` is the exception that ended it, or None.
appcontext_tearing_down = _signals.signal("appcontext-tearing-down")

#: A request begins, before any hook has run.
request_started = _signals.signal("request-started")
#: The ``response`` is complete and about to be sent.
request_finished = _signals.signal("request-finished")
#: A request ends; ``exc`` is the exception that ended it, or None.
request_tearing_down = _signals.signal("request-tearing-down")
#: An ``exception`` that nothing handled becomes a 500 or leaves the app.
got_request_exception = _signals.signal("got-request-exception")
#: An ``exception`` was answered by a handler. Ours: the notebook shows what a handler for all would hide.
_exception_answered = Namespace().signal("exception-answered")

#: A ``template`` is about to be rendered with ``context``, and has been.
before_render_template = _signals.signal("before-render-template")
template_rendered = _signals.signal("template-rendered")

#: ``flash()`` stored a ``message`` under a ``category``.
message_flashed = _signals.signal("message-flashed")
