"""Cells that look like a mistake and are none, or one of which nobody can tell what was meant."""

INNOCENT = {
    "a branch that returns what a function gives": """
        def find(n):
            return None
        @app.get("/<int:n>")
        def show(n):
            if n > 0:
                return find(n)
        %get /1
    """,
    "a page with the braces of JavaScript": """
        @app.get("/<name>")
        def page(name):
            return "<script>`Hello ${name}, {{name}}`</script>"
        %get /Ann
    """,
    "a rule with braces of its own": """
        @app.get("/sets/{}")
        def empty():
            return "an empty set"
        %get /sets/{{}}
    """,
    "a word of Python that is misspelt": """
        %%route /
        retrun greeting
    """,
    "a comparison that is misspelt": """
        %%route /
        this is nto that
    """,
    "a key of another dictionary": """
        ages = {"Ann": 30}
        @app.post("/")
        def age():
            return str(ages["Bo"])
        %post / name=Bo
    """,
    "a variable that is called like a module": """
        %%route / --try /
        secrets
    """,
    "a template without an optional variable": """
        %%template login.html
        {% if error %}<p>{{ error }}</p>{% endif %}{{ user }}
        ---
        %%route / --try /
        render_template("login.html", user="ann")
    """,
    "a session that is told of a change": """
        app.secret_key = "dev"
        @app.get("/")
        def add():
            session.setdefault("cart", [])
            session["cart"].append("pen")
            session.modified = True
            return "added"
        %get /
        ---
        %get /
    """,
    "a function that cannot be called": """
        count = 3
        @app.get("/")
        def show():
            return count()
        %get /
    """,
    "a cookie for the host itself": """
        from flask_nb import make_response
        @app.get("/")
        def choose():
            response = make_response("dark")
            response.set_cookie("theme", "dark", domain="localhost")
            return response
        %get /
    """,
    "a request that is refused on purpose": """
        from flask_nb import abort
        @app.post("/")
        def save():
            abort(400)
        %post / name=ann
    """,
    "an answer for the page's own origin": """
        @app.get("/")
        def data():
            return {"n": 1}
        %get / Origin:http://localhost
    """,
    "a redirect that goes on when a cookie is set": """
        @app.get("/")
        def count():
            response = redirect("/") if "seen" not in request.cookies else jsonify(1)
            response.set_cookie("seen", "1")
            return response
        %get /
    """,
    "an answer to HEAD, which has no body": """
        import io
        from flask_nb import send_file
        @app.get("/")
        def notes():
            return send_file(io.BytesIO(b"notes"), "text/plain")
        %head /
    """,
    "an attribute that a dictionary does not have, nor a key": """
        @app.get("/")
        def page():
            return {"name": "Ann"}.title
        %get /
    """,
    "numbers that are compared with a text of the view's own": """
        @app.get("/")
        def page():
            age = "18"
            return "old" if age > 18 else "young"
        %get /
    """,
    "a lambda that is returned": """
        @app.get("/")
        def page():
            return lambda: "x"
        %get /
    """,
    "an attribute that is like nothing else": """
        %%route / --try /
        request.zzzzzz
    """,
    "an error of the view's own": """
        @app.get("/")
        def page():
            raise TypeError("no page today")
        %get /
    """,
}
"""By what they are: the cells, to which no hint is given."""
