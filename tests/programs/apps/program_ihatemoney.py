"""I Hate Money: a program for shared budgets, on ten of the extensions."""

import re
import tempfile

from observation import masked, seen

RANDOM = (
    r'(?<=value=")[\w.-]{60,}',
    r"[\w-]{20,}\.[\w-]{20,}",
    r"(?<=Content-Length: )\d+",
    r"\d{4}-\d\d-\d\d(T[\d:.]+)?",
    r"\w{3} \d+, \d{4}, [\d:]+\s[AP]M",
    r"\?v=\w+",
    r"(?<=WyJ0cmlwIl0\.)[\w-]{27}",
    r'(?<=<path d=")M4,4H[^"]+',  # a QR code
)


def make_app(folder):
    """Return the program with a database in the folder."""
    from ihatemoney.run import create_app

    class Settings:
        """What differs from its defaults."""

        SECRET_KEY = "for the test"
        SQLALCHEMY_DATABASE_URI = f"sqlite:///{folder}/money.db"
        SESSION_COOKIE_SECURE = False
        MAIL_SUPPRESS_SEND = True
        ACTIVATE_ADMIN_DASHBOARD = True
        ADMIN_PASSWORD = ""

    return create_app(configuration=Settings)


def send(client, path, **data):
    """Fetch the form at a path and send it filled in."""
    page = client.get(path)
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert found, page.text
    return client.post(path, data={"csrf_token": found[1], **data}, follow_redirects=True)


def observe():
    """Make a project with two members and a bill, look at its pages, use its API."""
    with tempfile.TemporaryDirectory() as folder:
        app = make_app(folder)
        client = app.test_client()
        made = send(
            client,
            "/create",
            name="Trip",
            id="trip",
            password="pass",
            contact_email="ann@example.org",
            default_currency="XXX",
        )
        assert made.status_code == 200
        steps = [client.get("/"), made]
        steps += [send(client, "/trip/members/add", name=name) for name in ("Ann", "Bob")]
        bill = {
            "date": "2024-05-06",
            "what": "food",
            "amount": "10",
            "payer": "1",
            "payed_for": ["1", "2"],
            "bill_type": "Expense",
        }
        steps.append(send(client, "/trip/add", **bill))
        assert "food" in steps[-1].text
        steps += [
            client.get(path)
            for path in (
                *("/trip/", "/trip/settle_bills", "/trip/statistics", "/trip/history", "/trip/edit"),
                *("/trip/invite", "/trip/export/bills.json", "/trip/export/bills.csv"),
                *("/trip/export/transactions.json", "/lang/fr", "/trip/", "/nothing", "/static/css/main.css"),
                *("/exit", "/trip/", "/dashboard", "/authenticate?project_id=trip"),
            )
        ]
        auth = {"auth": ("trip", "pass")}
        steps += [
            client.get("/api/projects/trip"),
            client.get("/api/projects/trip", **auth),
            client.get("/api/projects/trip/bills", **auth),
            client.post("/api/projects/trip/members", data={"name": "Eve"}, **auth),
            client.post("/api/projects/trip/members", data={}, **auth),
            client.delete("/api/projects/trip/members/3", **auth),
            client.get("/api/projects/trip/bills/7", **auth),
            client.get("/api/projects/trip/token", **auth),
        ]
        commands = app.test_cli_runner().invoke(args=["--help"])
        counted = app.test_cli_runner().invoke(args=["db", "current"])
    assert [step.status_code for step in steps[-8:]] == [401, 200, 200, 201, 400, 200, 404, 200], [
        s.status_code for s in steps[-8:]
    ]
    facts = [seen(step, *RANDOM, body=len(step.data) < 200_000) for step in steps]
    return facts, masked(commands.output), counted.exit_code
