"""Flask-SocketIO: events beside views."""

# %% app
from flask import Flask

app = Flask(__name__)
app.secret_key = "for the test"

# %% sockets
from flask_socketio import SocketIO, emit

socketio = SocketIO(app, async_mode="threading")


@socketio.on("message")
def handle(data):
    """Answer a message."""
    emit("answer", data * 2)


# %% view
@app.get("/")
def home():
    """Greet."""
    return "hello"


# %% request
assert app.test_client().get("/").text == "hello"
talk = socketio.test_client(app)
talk.emit("message", "ab")
assert [one["args"] for one in talk.get_received()] == [["abab"]]
