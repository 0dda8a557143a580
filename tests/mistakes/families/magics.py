"""Magics, requests and settings."""

from ..mistake import APP, Mistake

SITE = (
    APP
    + """
@app.get("/hello/<name>")
def hello(name):
    return f"Hello {name}!"
"""
)

TOKEN = (
    SITE
    + """
@app.get("/token")
def token():
    return {"token": "Ann"}
"""
)

MISTAKES = [
    Mistake(
        "a line magic that is misspelt",
        wrong="%rout",
        says=["UsageError: Line magic function `%rout` not found", "Did you mean %routes?"],
        right="%routes",
        shows="/hello/<name>",
        setup=SITE,
    ),
    Mistake(
        "a cell magic that is misspelt",
        wrong="""
            %%rotue /
            "Hello"
        """,
        says=["UsageError: Cell magic `%%rotue` not found", "Did you mean %%route?"],
        right="""
            %%route / --try /
            "Hello"
        """,
        shows="Hello",
    ),
    Mistake(
        "one percent sign for two",
        wrong="""
            %route /
            "Hello"
        """,
        says=["UsageError: Line magic function `%route` not found", "%%route"],
        right="""
            %%route / --try /
            "Hello"
        """,
        shows="Hello",
    ),
    Mistake(
        "a variable of a request that is misspelt",
        wrong="""
            person = "Ann"
            %get /hello/{persn}
        """,
        says=["NameError: name 'persn' is not defined", "Did you mean: 'person'?"],
        right="""
            person = "Ann"
            %get /hello/{person}
        """,
        shows="Hello Ann!",
        setup=SITE,
    ),
    Mistake(
        "a request to the variable of a rule as it is written",
        wrong="%get /hello/<name>",
        says=["GET /hello/%3Cname%3E → 200 OK", "Hello <name>!"],
        right="%get /hello/Ann",
        shows="Hello Ann!",
        setup=SITE,
    ),
    Mistake(
        "a flag that is misspelt",
        wrong="""
            %%route / --methds POST
            "Hello"
        """,
        says=["--methds", "--methods"],
        right="""
            %%route / --methods POST
            "Hello"
        """,
        shows="POST /",
    ),
    Mistake(
        "a port without its flag",
        wrong="%serve 5000",
        says=["%serve --port 5000"],
        right="%serve",
        shows="serving",
    ),
    Mistake(
        "cookies without their action",
        wrong="%cookies theme=dark",
        says=["%cookies set theme=dark"],
        right="%cookies set theme=dark",
        shows="dark",
    ),
    Mistake(
        "an app with a dot",
        wrong="%app os.app",
        says=["%app os:app"],
        right="%app",
        shows="app",
    ),
    Mistake(
        "TOML in a cell of settings",
        wrong="""
            %%config_from
            DEBUG = true
            [DATABASE]
            host = "localhost"
        """,
        says=[
            "NameError: name 'true' is not defined",
            "The cell is written in TOML. Type %%config_from --format toml",
        ],
        right="""
            %%config_from --format toml
            DEBUG = true
            [DATABASE]
            host = "localhost"
        """,
        shows="DATABASE",
    ),
    Mistake(
        "INI in a cell of settings",
        wrong="""
            %%config_from
            [app]
            GREETING = Good day
        """,
        says=["GREETING = Good day", "Values are written as in Python. Type GREETING = 'Good day'"],
        right="""
            %%config_from
            GREETING = 'Good day'
        """,
        shows="Good day",
    ),
    Mistake(
        "settings in lower case",
        wrong="%config_from debug=True",
        says=["settings are in upper case, and 'debug' is not. Type DEBUG=True"],
        right="%config_from DEBUG=True",
        shows="DEBUG",
    ),
    Mistake(
        "spaces around the sign of a setting",
        wrong="%config_from DEBUG = True",
        says=["a setting is one word, without spaces around '='. Type DEBUG=True"],
        right="%config_from DEBUG=True",
        shows="DEBUG",
    ),
    Mistake(
        "a variable of the environment that is also a group",
        wrong="""
            import os
            os.environ.update(FLASK_DB="test.db", FLASK_DB__HOST="localhost")
            %config_from prefix:FLASK_
        """,
        says=[
            "FLASK_DB sets DB to a single value, so FLASK_DB__HOST cannot set a part of it. To take one of the two away, type: del os.environ['FLASK_DB']"
        ],
        right="""
            import os
            os.environ.update(FLASK_DB__NAME="test.db", FLASK_DB__HOST="localhost")
            del os.environ["FLASK_DB"]
            %config_from prefix:FLASK_
        """,
        shows="DB",
    ),
    Mistake(
        "NaN for null",
        wrong="%post / a:=NaN",
        says=["MagicArgumentError: %post: "],
        right="""
            @app.post("/")
            def index():
                return request.json
            %post / a:=null
        """,
        shows="null",
    ),
    Mistake(
        "another site's URL",
        wrong="%get http://example.com/hello/Ann",
        says=["MagicArgumentError: %get: "],
        right="%get /hello/Ann",
        shows="Hello Ann!",
        setup=SITE,
    ),
    Mistake(
        "a method in a check that is misspelt",
        wrong="""
            %%check
            GTE /hello/Ann -> 200
        """,
        says=["CheckSyntaxError", "'GTE' is not a method. Did you mean GET?"],
        right="""
            %%check
            GET /hello/Ann -> 200
        """,
        shows="1 check passed",
        setup=SITE,
    ),
    Mistake(
        "another arrow in a check",
        wrong="""
            %%check
            GET /hello/Ann => 200
        """,
        says=["line 2, column 16: '=>' is not the arrow. Type ->"],
        right="""
            %%check
            GET /hello/Ann -> 200
        """,
        shows="1 check passed",
        setup=SITE,
    ),
    Mistake(
        "a status in a check without its arrow",
        wrong="""
            %%check
            GET /hello/Ann 200
        """,
        says=["the arrow is missing. Type -> 200"],
        right="""
            %%check
            GET /hello/Ann -> 200
        """,
        shows="1 check passed",
        setup=SITE,
    ),
    Mistake(
        "a method to explain that is misspelt",
        wrong="%explain GTE /hello/Ann",
        says=["'GTE' is not a method. Did you mean GET?"],
        right="%explain GET /hello/Ann",
        shows="/hello/<name>",
        setup=SITE,
    ),
    Mistake(
        "a method among the exchanges that is misspelt",
        wrong="%exchange --method PSOT",
        says=["no request so far, or none that fits. Did you mean --method POST?"],
        right="%exchange --method POST",
        setup=SITE,
    ),
    Mistake(
        "a request of another name",
        wrong="""
            %%http
            # @name login
            GET /token
            ---
            %%http
            GET /hello/{{logn.response.body.token}}
        """,
        says=["line 2: no request is named logn; named are: login"],
        right="""
            %%http
            # @name login
            GET /token
            ---
            %%http
            GET /hello/{{login.response.body.token}}
        """,
        shows="Hello Ann!",
        setup=TOKEN,
    ),
    Mistake(
        "a part of an answer that is no JSON",
        wrong="""
            %%http
            # @name login
            GET /hello/Bo
            ---
            %%http
            GET /hello/{{login.response.body.token}}
        """,
        says=["line 2: the response of login is text/html, not JSON"],
        right="""
            %%http
            # @name login
            GET /token
            ---
            %%http
            GET /hello/{{login.response.body.token}}
        """,
        shows="Hello Ann!",
        setup=TOKEN,
    ),
    Mistake(
        "a key that the JSON of an answer does not have",
        wrong="""
            %%http
            # @name login
            GET /token
            ---
            %%http
            GET /hello/{{login.response.body.tokn}}
        """,
        says=["line 2: the JSON of login has no 'tokn'"],
        right="""
            %%http
            # @name login
            GET /token
            ---
            %%http
            GET /hello/{{login.response.body.token}}
        """,
        shows="Hello Ann!",
        setup=TOKEN,
    ),
    Mistake(
        "a header that an answer does not have",
        wrong="""
            %%http
            # @name login
            GET /token
            ---
            %%http
            GET /hello/{{login.response.headers.X-Token}}
        """,
        says=["line 2: the response of login has no header X-Token"],
        right="""
            %%http
            # @name login
            GET /token
            ---
            %%http
            GET /hello/{{login.response.body.token}}
        """,
        shows="Hello Ann!",
        setup=TOKEN,
    ),
]
