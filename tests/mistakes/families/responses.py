"""Responses that are not what was meant."""

from ..mistake import Mistake

MISTAKES = [
    Mistake(
        "a buffer at its end",
        wrong="""
            import io
            from flask_nb import send_file
            @app.get("/notes")
            def notes():
                buffer = io.BytesIO()
                buffer.write(b"some notes")
                return send_file(buffer, mimetype="text/plain")
            %get /notes
        """,
        says=["the file was read from its end. Type buffer.seek(0) before send_file"],
        right="""
            import io
            from flask_nb import send_file
            @app.get("/notes")
            def notes():
                buffer = io.BytesIO()
                buffer.write(b"some notes")
                buffer.seek(0)
                return send_file(buffer, mimetype="text/plain")
            %get /notes
        """,
        shows="some notes",
    ),
    Mistake(
        "NaN in JSON",
        wrong="""
            @app.get("/")
            def mean():
                return {"mean": float("nan")}
            %get /
        """,
        says=["$.mean is NaN, which JSON does not have: other programs cannot read it. Send None for it"],
        right="""
            @app.get("/")
            def mean():
                return {"mean": None}
            %get /
        """,
        shows="null",
    ),
    Mistake(
        "a cookie for another domain",
        wrong="""
            from flask_nb import make_response
            @app.get("/")
            def choose():
                response = make_response("dark")
                response.set_cookie("theme", "dark", domain="example.com")
                return response
            %get /
        """,
        says=["the cookie theme is for example.com, and is not kept for localhost. Leave out domain="],
        right="""
            from flask_nb import make_response
            @app.get("/")
            def choose():
                response = make_response("dark")
                response.set_cookie("theme", "dark")
                return response
            %get /
        """,
        shows="dark",
    ),
    Mistake(
        "an answer that a page of another origin cannot read",
        wrong="""
            @app.get("/data")
            def data():
                return {"n": 1}
            %get /data Origin:http://localhost:3000
        """,
        says=[
            "a page of http://localhost:3000 cannot read this: the answer has no Access-Control-Allow-Origin"
        ],
        right="""
            @app.after_request
            def allow(response):
                response.headers["Access-Control-Allow-Origin"] = "http://localhost:3000"
                return response
            @app.get("/data")
            def data():
                return {"n": 1}
            %get /data Origin:http://localhost:3000
        """,
        shows='"n": 1',
    ),
    Mistake(
        "a line break in a header",
        wrong="""
            @app.get("/")
            def page():
                return "text", {"X-Note": "one\\ntwo"}
            %get /
        """,
        says=["500 Internal Server Error", "Header values must not contain newline characters."],
        right="""
            @app.get("/")
            def page():
                return "text", {"X-Note": "one, two"}
            %get /
        """,
        shows="text",
    ),
    Mistake(
        "an error handler for a text",
        wrong="""
            @app.errorhandler("404")
            def missing(error):
                return "nothing here", 404
        """,
        says=['    line 1: @app.errorhandler("404")', "Type @app.errorhandler(404)"],
        right="""
            @app.errorhandler(404)
            def missing(error):
                return "nothing here", 404
            %get /nowhere
        """,
        shows="nothing here",
    ),
    Mistake(
        "an error handler that takes no error",
        wrong="""
            @app.errorhandler(404)
            def missing():
                return "nothing here", 404
            %get /nowhere
        """,
        says=[
            "TypeError: missing() takes 0 positional arguments but 1 was given",
            "an error handler takes the error. Type def missing(error)",
        ],
        right="""
            @app.errorhandler(404)
            def missing(error):
                return "nothing here", 404
            %get /nowhere
        """,
        shows="nothing here",
    ),
    Mistake(
        "a hook after the request that returns nothing",
        wrong="""
            @app.after_request
            def note(response):
                response.headers["X-Note"] = "seen"
            @app.get("/")
            def page():
                return "a page"
            %get /
        """,
        says=["'NoneType' object", "the hook note returned None. Let it end in: return response"],
        right="""
            @app.after_request
            def note(response):
                response.headers["X-Note"] = "seen"
                return response
            @app.get("/")
            def page():
                return "a page"
            %get /
        """,
        shows="a page",
    ),
    Mistake(
        "an endless recursion",
        wrong="""
            @app.get("/")
            def page():
                return page()
            %get /
        """,
        says=["RecursionError: maximum recursion depth exceeded"],
        right="""
            @app.get("/")
            def page():
                return "a page"
            %get /
        """,
        shows="a page",
    ),
    Mistake(
        "a text and a number",
        wrong="""
            @app.get("/<int:n>")
            def page(n):
                return "number " + n
            %get /7
        """,
        says=['TypeError: can only concatenate str (not "int") to str'],
        right="""
            @app.get("/<int:n>")
            def page(n):
                return "number " + str(n)
            %get /7
        """,
        shows="number 7",
    ),
    Mistake(
        "what set_cookie returns",
        wrong="""
            from flask_nb import make_response
            @app.get("/")
            def show():
                return make_response("dark").set_cookie("theme", "dark")
            %get /
        """,
        says=[
            "line 4: set_cookie returns None. Type response = make_response('dark'); response.set_cookie(…); return response"
        ],
        right="""
            from flask_nb import make_response
            @app.get("/")
            def show():
                response = make_response("dark")
                response.set_cookie("theme", "dark")
                return response
            %get /
        """,
        shows="dark",
    ),
    Mistake(
        "abort with a text",
        wrong="""
            from flask_nb import abort
            @app.get("/")
            def show():
                abort("404")
            %get /
        """,
        says=["line 4: Type abort(404)"],
        right="""
            from flask_nb import abort
            @app.get("/")
            def show():
                abort(404)
            %get /
        """,
        shows="404",
    ),
]
