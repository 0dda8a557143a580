"""Flask-Mail: messages recorded instead of sent, with a template and an attachment."""

from flask import Flask, current_app, render_template_string
from flask_mail import Mail, Message, email_dispatched
from observation import masked, seen


def make_app():
    """Return the app and its mail: ``/send/<name>`` writes to somebody."""
    app = Flask(__name__)
    app.config |= {"TESTING": True, "MAIL_DEFAULT_SENDER": ("Shop", "shop@example.org")}
    mail = Mail(app)

    @app.post("/send/<name>")
    def send(name):
        message = Message(f"Hello {name}", recipients=[f"{name}@example.org"], bcc=["log@example.org"])
        message.html = render_template_string("<b>{{ name }}</b> {{ config.TESTING }}", name=name)
        message.attach("n.txt", "text/plain", b"attached")
        mail.send(message)
        return current_app.extensions["mail"].default_sender[0]

    return app, mail


def observe():
    """Send two messages, one with a line break where none may be."""
    app, mail = make_app()
    dispatched = []
    email_dispatched.connect(on_dispatch := lambda app, message: dispatched.append(message.subject))
    client = app.test_client()
    with mail.record_messages() as outbox:
        step = client.post("/send/ann")
        try:
            client.post("/send/ann%0Abcc: all")
        except Exception as error:
            refused = type(error).__name__
    assert [message.subject for message in outbox] == dispatched == ["Hello ann"]
    assert refused == "BadHeaderError"
    assert outbox[0].html == "<b>ann</b> True"
    email_dispatched.disconnect(on_dispatch)
    with app.app_context():
        source = masked(outbox[0].as_string(), r"=+\d+==", r"Message-ID: .*|Date: .*")
    return seen(step), source
