"""Flask-SocketIO: events, rooms, and the session inside a handler, on its own test client."""

from flask import Flask, request, session
from flask_socketio import SocketIO, emit, join_room, leave_room, rooms, send
from observation import seen


def make_app():
    """Return the app and its sockets."""
    app = Flask(__name__)
    app.secret_key = "for the test"
    sockets = SocketIO(app, async_mode="threading")
    app.get("/enter/<name>")(enter)

    @sockets.on("connect")
    def connect(auth=None):
        if auth == "wrong":
            return False
        emit("welcome", {"who": session.get("who"), "path": request.path})
        return None

    @sockets.on("say")
    def say(text):
        emit("said", text.upper(), broadcast=True)
        return len(text)

    @sockets.on("room")
    def room(name):
        join_room(name)
        emit("rooms", name in rooms(), to=name)
        leave_room(name)

    @sockets.on("message", namespace="/other")
    def message(text):
        session["told"] = text
        send(session["told"] * 2)

    @sockets.on("fail")
    def fail():
        raise ValueError("from a handler")

    @sockets.on_error_default
    def failed(error):
        emit("failed", f"{error} in {request.event['message']}")

    return app, sockets


def enter(name):
    """Note in the session who it is."""
    session["who"] = name
    return "in"


def observe():
    """Connect two clients, one of them logged in, and let them talk."""
    app, sockets = make_app()
    http = app.test_client()
    entered = http.get("/enter/ann")
    ann = sockets.test_client(app, flask_test_client=http)
    bob = sockets.test_client(app)
    refused = sockets.test_client(app, auth="wrong")
    assert (ann.is_connected(), bob.is_connected(), refused.is_connected()) == (True, True, False)
    told = [ann.emit("say", "hello", callback=True)]
    ann.emit("room", "kitchen")
    bob.emit("fail")
    other = sockets.test_client(app, namespace="/other")
    other.send("twice ", namespace="/other")
    told += [ann.get_received(), bob.get_received(), other.get_received("/other")]
    assert told[1][0]["args"][0]["who"] == "ann"
    assert told[1][1]["args"] == ["HELLO"]
    assert told[2][-1]["args"] == ["from a handler in fail"]
    assert told[3][-1]["args"] == "twice twice "
    polled = http.get("/socket.io/?EIO=4&transport=polling")
    assert polled.status_code == 200
    assert polled.text.startswith('0{"sid"')
    return seen(entered), told, seen(polled, r'(?<="sid":")[\w-]+')
