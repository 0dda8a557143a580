"""Flask-Mail: a message that is kept instead of sent."""

# %% app
from flask import Flask

app = Flask(__name__)
app.testing = True

# %% mail
from flask_mail import Mail, Message

mail = Mail(app)


# %% view
@app.post("/send")
def send():
    """Send a message."""
    with mail.record_messages() as outbox:
        mail.send(Message("Hello", sender="me@example.org", recipients=["you@example.org"]))
    return str(len(outbox))


# %% request
assert app.test_client().post("/send").text == "1"
