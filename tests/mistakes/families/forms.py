"""What a request brings: forms, queries, JSON, files, cookies, headers, sessions."""

from ..mistake import APP, Mistake

KEYED = APP + 'app.secret_key = "dev"\n'

MISTAKES = [
    Mistake(
        "a form field of another name",
        wrong="""
            @app.post("/login")
            def login():
                return request.form["username"]
            %post /login user=ann --form
        """,
        says=["400 Bad Request", "line 3: request.form has no 'username'. It came with 'user'"],
        right="""
            @app.post("/login")
            def login():
                return request.form["user"]
            %post /login user=ann --form
        """,
        shows="ann",
    ),
    Mistake(
        "a form field that may be missing",
        wrong="""
            @app.post("/login")
            def login():
                return request.form["username"]
            %post /login
        """,
        says=[
            "400 Bad Request",
            "line 3: request.form has no 'username'. It came empty. To do without it, type request.form.get('username')",
        ],
        right="""
            @app.post("/login")
            def login():
                return request.form.get('username') or "nobody"
            %post /login
        """,
        shows="nobody",
    ),
    Mistake(
        "a query that is not there",
        wrong="""
            %%route /search
            f"found {request.args['q']}"
            ---
            %get /search?query=pen
        """,
        says=["400 Bad Request", "line 2: request.args has no 'q'. It came with 'query'"],
        right="""
            %%route /search
            f"found {request.args['q']}"
            ---
            %get /search?q=pen
        """,
        shows="found pen",
    ),
    Mistake(
        "a query sent as a form",
        wrong="""
            %%route GET,POST /search
            f"found {request.args['q']}"
            ---
            %post /search q=pen --form
        """,
        says=["400 Bad Request", "line 2: request.args has no 'q', and request.form has it"],
        right="""
            %%route GET,POST /search
            f"found {request.form['q']}"
            ---
            %post /search q=pen --form
        """,
        shows="found pen",
    ),
    Mistake(
        "a form sent as a query",
        wrong="""
            %%route POST /login
            f"Hello {request.form['user']}"
            ---
            %post /login?user=ann
        """,
        says=["400 Bad Request", "line 2: request.form has no 'user', and request.args has it"],
        right="""
            %%route POST /login
            f"Hello {request.args['user']}"
            ---
            %post /login?user=ann
        """,
        shows="Hello ann",
    ),
    Mistake(
        "JSON that is read as a form",
        wrong="""
            %%route POST /login
            f"Hello {request.form['user']}"
            ---
            %post /login user=ann
        """,
        says=["400 Bad Request", "the view reads form fields, and the body is JSON: send it with --form"],
        right="""
            %%route POST /login
            f"Hello {request.form['user']}"
            ---
            %post /login user=ann --form
        """,
        shows="Hello ann",
    ),
    Mistake(
        "a form that is read as JSON",
        wrong="""
            %%route POST /login
            f"Hello {request.json['user']}"
            ---
            %post /login user=ann --form
        """,
        says=[
            "415 Unsupported Media Type",
            "the view reads JSON, and the body is a form: send it with --json",
        ],
        right="""
            %%route POST /login
            f"Hello {request.json['user']}"
            ---
            %post /login user=ann --json
        """,
        shows="Hello ann",
    ),
    Mistake(
        "JSON without its content type",
        wrong="""
            @app.post("/login")
            def login():
                return request.get_json()["user"]
            %post /login --data '{"user": "ann"}' Content-Type:text/plain
        """,
        says=[
            "415 Unsupported Media Type",
            "line 3: request.json takes a body of the type application/json, and this one is text/plain. Send it with Content-Type:application/json",
        ],
        right="""
            @app.post("/login")
            def login():
                return request.get_json()["user"]
            %post /login --data '{"user": "ann"}' Content-Type:application/json
        """,
        shows="ann",
    ),
    Mistake(
        "JSON that was not sent",
        wrong="""
            @app.post("/login")
            def login():
                return request.json["user"]
            %post /login
        """,
        says=[
            "415 Unsupported Media Type",
            "line 3: request.json takes a body of the type application/json, and this request has no body. Send one, such as %post /login name=value",
        ],
        right="""
            @app.post("/login")
            def login():
                return request.json["user"]
            %post /login user=ann
        """,
        shows="ann",
    ),
    Mistake(
        "JSON with single quotes",
        wrong="""
            @app.post("/login")
            def login():
                return request.json["user"]
            %post /login --data "{'user': 'ann'}" Content-Type:application/json
        """,
        says=[
            "400 Bad Request",
            "line 3: the body is not valid JSON: Expecting property name enclosed in double quotes: line 1 column 2",
        ],
        right="""
            @app.post("/login")
            def login():
                return request.json["user"]
            %post /login --data '{"user": "ann"}' Content-Type:application/json
        """,
        shows="ann",
    ),
    Mistake(
        "a key that the JSON does not have",
        wrong="""
            @app.post("/login")
            def login():
                data = request.get_json()
                return data["username"]
            %post /login user=ann
        """,
        says=["KeyError: 'username'", "the JSON that was sent has no 'username'. It came with 'user'"],
        right="""
            @app.post("/login")
            def login():
                data = request.get_json()
                return data["user"]
            %post /login user=ann
        """,
        shows="ann",
    ),
    Mistake(
        "json with parentheses in a view",
        wrong="""
            @app.post("/login")
            def login():
                return request.json()["user"]
            %post /login user=ann
        """,
        says=[
            "TypeError: 'dict' object is not callable",
            "json is no method here. Type request.json without parentheses",
        ],
        right="""
            @app.post("/login")
            def login():
                return request.json["user"]
            %post /login user=ann
        """,
        shows="ann",
    ),
    Mistake(
        "json with parentheses, as in requests",
        wrong="""
            @app.get("/users")
            def users():
                return {"name": "ann"}
            ---
            r = %get /users
            r.json()["name"]
        """,
        says=[
            "TypeError: 'dict' object is not callable",
            "json is no method here. Type r.json without parentheses",
        ],
        right="""
            @app.get("/users")
            def users():
                return {"name": "ann"}
            ---
            r = %get /users
            r.json["name"]
        """,
        shows="ann",
    ),
    Mistake(
        "a file of another name",
        wrong="""
            open("photo.txt", "w").write("a picture")
            @app.post("/upload")
            def upload():
                return request.files["photo"].filename
            %post /upload picture@photo.txt
        """,
        says=["400 Bad Request", "line 4: request.files has no 'photo'. It came with 'picture'"],
        right="""
            open("photo.txt", "w").write("a picture")
            @app.post("/upload")
            def upload():
                return request.files["photo"].filename
            %post /upload photo@photo.txt
        """,
        shows="photo.txt",
    ),
    Mistake(
        "an upload without its enctype",
        wrong="""
            open("photo.txt", "w").write("a picture")
            @app.post("/upload")
            def upload():
                return request.files["photo"].filename
            %post /upload photo=photo.txt --form
        """,
        says=[
            "400 Bad Request",
            "line 4: request.files has no 'photo', and request.form has it: the form's tag lacks enctype=\"multipart/form-data\"",
        ],
        right="""
            open("photo.txt", "w").write("a picture")
            @app.post("/upload")
            def upload():
                return request.files["photo"].filename
            %post /upload photo@photo.txt
        """,
        shows="photo.txt",
    ),
    Mistake(
        "a cookie that is not there",
        wrong="""
            @app.get("/")
            def colours():
                return request.cookies["theme"]
            %get /
        """,
        says=[
            "400 Bad Request",
            "line 3: request.cookies has no 'theme'. It came empty. To do without it, type request.cookies.get('theme')",
        ],
        right="""
            @app.get("/")
            def colours():
                return request.cookies.get('theme') or "light"
            %get /
        """,
        shows="light",
    ),
    Mistake(
        "a header that is not there",
        wrong="""
            @app.get("/")
            def who():
                return request.headers["X-User"]
            %get /
        """,
        says=[
            "line 3: request.headers has no 'X-User'",
            "To do without it, type request.headers.get('X-User')",
        ],
        right="""
            @app.get("/")
            def who():
                return request.headers["X-User"]
            %get / X-User:ann
        """,
        shows="ann",
    ),
    Mistake(
        "a key that the session does not have",
        wrong="""
            @app.get("/me")
            def me():
                return session["user"]
            %get /me
        """,
        says=["KeyError: 'user'", "the session has no 'user'. To do without it, type session.get('user')"],
        right="""
            @app.get("/me")
            def me():
                return session.get('user') or "nobody"
            %get /me
        """,
        shows="nobody",
        setup=KEYED,
    ),
    Mistake(
        "a list in the session that is changed in place",
        wrong="""
            @app.get("/add/<item>")
            def add(item):
                session.setdefault("cart", ["bag"])
                session["cart"].append(item)
                return session["cart"]
            %get /add/pen
            ---
            %get /add/ink
        """,
        says=[
            "line 4: the session does not notice a change within what it holds. Add session.modified = True"
        ],
        right="""
            @app.get("/add/<item>")
            def add(item):
                session.setdefault("cart", ["bag"])
                session["cart"].append(item)
                session.modified = True
                return session["cart"]
            %get /add/pen
            ---
            %get /add/ink
        """,
        shows='["bag", "pen", "pen", "ink"]',
        setup=KEYED,
    ),
    Mistake(
        "a session without a secret key",
        wrong="""
            @app.get("/")
            def count():
                session["n"] = session.get("n", 0) + 1
                return str(session["n"])
            %get /
        """,
        says=["RuntimeError", "secret", "Set app.secret_key to a text, in a cell above"],
        right="""
            app.secret_key = "any text"
            @app.get("/")
            def count():
                session["n"] = session.get("n", 0) + 1
                return str(session["n"])
            %get /
        """,
        shows="1",
    ),
    Mistake(
        "a secret key in lower case",
        wrong="""
            app.config["secret_key"] = "dev"
            @app.get("/")
            def count():
                session["n"] = 1
                return "counted"
            %get /
        """,
        says=[
            "RuntimeError",
            "app.config has 'secret_key', and settings are in upper case. Type app.config['SECRET_KEY'] = ",
        ],
        right="""
            app.config["SECRET_KEY"] = "dev"
            @app.get("/")
            def count():
                session["n"] = 1
                return "counted"
            %get /
        """,
        shows="counted",
    ),
    Mistake(
        "a form without its CSRF token",
        wrong="""
            @app.post("/save")
            def save():
                csrf.protect()
                return "saved"
            %post /save name=ann --form
        """,
        says=[
            "400 Bad Request",
            "The CSRF token is missing.",
            "put {{ form.hidden_tag() }} into the form's template",
        ],
        right="""
            @app.post("/save")
            def save():
                csrf.protect()
                return "saved"
            %post /save name=ann csrf_token=t --form
        """,
        shows="saved",
        setup=APP
        + """
from werkzeug.exceptions import BadRequest
class CSRFError(BadRequest):
    description = "The CSRF token is missing."
CSRFError.__module__ = "flask_wtf.csrf"
class csrf:
    def protect():
        if "csrf_token" not in request.form:
            raise CSRFError()
""",
    ),
    Mistake(
        "a field of the query as an attribute",
        wrong="""
            @app.get("/")
            def show():
                return request.args.name
            %get /?name=Ann
        """,
        says=['line 3: Type request.args["name"]'],
        right="""
            @app.get("/")
            def show():
                return request.args["name"]
            %get /?name=Ann
        """,
        shows="Ann",
    ),
    Mistake(
        "a field of the query with parentheses",
        wrong="""
            @app.get("/")
            def show():
                return request.args("name")
            %get /?name=Ann
        """,
        says=['line 3: brackets take a value. Type request.args["name"]'],
        right="""
            @app.get("/")
            def show():
                return request.args["name"]
            %get /?name=Ann
        """,
        shows="Ann",
    ),
    Mistake(
        "get of the request itself",
        wrong="""
            @app.get("/")
            def show():
                return request.get("name")
            %get /?name=Ann
        """,
        says=['line 3: Type request.args.get("name")'],
        right="""
            @app.get("/")
            def show():
                return request.args.get("name")
            %get /?name=Ann
        """,
        shows="Ann",
    ),
    Mistake(
        "a key of a dictionary as an attribute",
        wrong="""
            @app.get("/")
            def show():
                data = {"name": "Ann"}
                return data.name
            %get /
        """,
        says=['line 4: Type data["name"]'],
        right="""
            @app.get("/")
            def show():
                data = {"name": "Ann"}
                return data["name"]
            %get /
        """,
        shows="Ann",
    ),
    Mistake(
        "a key of the session as an attribute",
        wrong="""
            app.secret_key = "dev"
            @app.get("/")
            def show():
                session["user"] = "Ann"
                return session.user
            %get /
        """,
        says=['line 5: Type session["user"]'],
        right="""
            app.secret_key = "dev"
            @app.get("/")
            def show():
                session["user"] = "Ann"
                return session["user"]
            %get /
        """,
        shows="Ann",
    ),
    Mistake(
        "a field of the query compared with a number",
        wrong="""
            @app.get("/")
            def show():
                age = request.args.get("age")
                return "old" if age > 18 else "young"
            %get /?age=40
        """,
        says=['line 4: a field is a text. Type request.args.get("age", type=int)'],
        right="""
            @app.get("/")
            def show():
                age = request.args.get("age", type=int)
                return "old" if age > 18 else "young"
            %get /?age=40
        """,
        shows="old",
    ),
    Mistake(
        "a field that did not come compared with a number",
        wrong="""
            @app.get("/")
            def show():
                if request.args.get("age") > 18:
                    return "old"
                return "young"
            %get /
        """,
        says=['line 3: there is no "age", and get returned None. Type request.args.get("age", 0, type=int)'],
        right="""
            @app.get("/")
            def show():
                if request.args.get("age", 0, type=int) > 18:
                    return "old"
                return "young"
            %get /
        """,
        shows="young",
    ),
]
