"""What views return."""

from pathlib import Path

from ..mistake import APP, Mistake

LIBRARIES = APP + Path(__file__).with_name("stand_ins.txt").read_text("utf-8")
"""Stand-ins for pandas and its like, which need not be installed."""

PICTURE = 'buffer = io.BytesIO(); {}; buffer.seek(0); return send_file(buffer, "image/png")'

MISTAKES = [
    Mistake(
        "print for return",
        wrong="""
            @app.get("/")
            def hello():
                print("Hello")
            %get /
        """,
        says=["TypeError", "None", "line 3: print shows text and returns None. Type return 'Hello'"],
        right="""
            @app.get("/")
            def hello():
                return "Hello"
            %get /
        """,
        shows="Hello",
    ),
    Mistake(
        "no return",
        wrong="""
            @app.get("/")
            def hello():
                text = "Hello"
            %get /
        """,
        says=["None", "line 3: hello ends without a return. Add: return text"],
        right="""
            @app.get("/")
            def hello():
                text = "Hello"
                return text
            %get /
        """,
        shows="Hello",
    ),
    Mistake(
        "a value without return",
        wrong="""
            @app.get("/")
            def hello():
                "Hello, " + "world"
            %get /
        """,
        says=["None", "line 3: the value is not returned. Type return 'Hello, ' + 'world'"],
        right="""
            @app.get("/")
            def hello():
                return "Hello, " + "world"
            %get /
        """,
        shows="Hello, world",
    ),
    Mistake(
        "a template that is rendered and not returned",
        wrong="""
            %%template hello.html
            <p>Hello</p>
            ---
            @app.get("/")
            def hello():
                render_template("hello.html")
            %get /
        """,
        says=["None", "line 3: the value is not returned. Type return render_template('hello.html')"],
        right="""
            %%template hello.html
            <p>Hello</p>
            ---
            @app.get("/")
            def hello():
                return render_template("hello.html")
            %get /
        """,
        shows="<p>Hello</p>",
    ),
    Mistake(
        "a branch without return",
        wrong="""
            @app.get("/<int:n>")
            def sign(n):
                if n > 0:
                    return "positive"
            %get /0
        """,
        says=["None", "line 3: sign came to its end without a return behind this if. Add one"],
        right="""
            @app.get("/<int:n>")
            def sign(n):
                if n > 0:
                    return "positive"
                return "not positive"
            %get /0
        """,
        shows="not positive",
    ),
    Mistake(
        "what a list's method returns",
        wrong="""
            names = ["Bo"]
            @app.get("/")
            def add():
                return names.append("Ann")
            %get /
        """,
        says=[
            "None",
            "line 4: append changes names and returns None. Type return names on a line of its own below it",
        ],
        right="""
            names = ["Bo"]
            @app.get("/")
            def add():
                names.append("Ann")
                return names
            %get /
        """,
        shows='"Ann"',
    ),
    Mistake(
        "a number",
        wrong="""
            @app.get("/")
            def answer():
                return 6 * 7
            %get /
        """,
        says=[
            "TypeError",
            "line 3: a value of the type int is no response. Type return str(6 * 7), or return jsonify(6 * 7)",
        ],
        right="""
            @app.get("/")
            def answer():
                return str(6 * 7)
            %get /
        """,
        shows="42",
    ),
    Mistake(
        "a number in the cell of a view",
        wrong="""
            %%route / --try /
            7 / 2
        """,
        says=[
            "TypeError",
            "line 2: a value of the type float is no response. Type return str(7 / 2), or return jsonify(7 / 2)",
        ],
        right="""
            %%route / --try /
            str(7 / 2)
        """,
        shows="3.5",
    ),
    Mistake(
        "True or False",
        wrong="""
            @app.get("/<int:n>")
            def is_even(n):
                return n % 2 == 0
            %get /4
        """,
        says=[
            "TypeError",
            "line 3: a value of the type bool is no response. Type return str(n % 2 == 0), or return jsonify(n % 2 == 0)",
        ],
        right="""
            @app.get("/<int:n>")
            def is_even(n):
                return jsonify(n % 2 == 0)
            %get /4
        """,
        shows="true",
    ),
    Mistake(
        "a set",
        wrong="""
            @app.get("/")
            def names():
                return {"Ann", "Bo"}
            %get /
        """,
        says=["TypeError", "line 3: a value of the type set is no response. Type return list({'Ann', 'Bo'})"],
        right="""
            @app.get("/")
            def names():
                return list({"Ann"})
            %get /
        """,
        shows='["Ann"]',
    ),
    Mistake(
        "the keys of a dictionary",
        wrong="""
            ages = {"Ann": 30, "Bo": 20}
            @app.get("/")
            def names():
                return ages.keys()
            %get /
        """,
        says=[
            "TypeError",
            "line 4: a value of the type dict_keys is no response. Type return list(ages.keys())",
        ],
        right="""
            ages = {"Ann": 30, "Bo": 20}
            @app.get("/")
            def names():
                return list(ages.keys())
            %get /
        """,
        shows='["Ann", "Bo"]',
    ),
    Mistake(
        "a date",
        wrong="""
            from datetime import date
            @app.get("/")
            def day():
                return date(2024, 5, 1)
            %get /
        """,
        says=[
            "TypeError",
            "line 4: a value of the type date is no response. Type return str(date(2024, 5, 1))",
        ],
        right="""
            from datetime import date
            @app.get("/")
            def day():
                return str(date(2024, 5, 1))
            %get /
        """,
        shows="2024-05-01",
    ),
    Mistake(
        "a file's path",
        wrong="""
            from pathlib import Path
            from flask_nb import send_file
            page = Path("page.txt")
            page.write_text("a page")
            @app.get("/")
            def show():
                return page
            %get /
        """,
        says=[
            "TypeError",
            "line 7: a value of the type PosixPath is no response. Type return send_file(page.absolute())",
        ],
        right="""
            from pathlib import Path
            from flask_nb import send_file
            page = Path("page.txt")
            page.write_text("a page")
            @app.get("/")
            def show():
                return send_file(page.absolute())
            %get /
        """,
        shows="a page",
    ),
    Mistake(
        "a function that is not called",
        wrong="""
            @app.get("/")
            def hello():
                return jsonify
            %get /
        """,
        says=["TypeError", "line 3: jsonify is a function that was not called. Type return jsonify(…)"],
        right="""
            @app.get("/")
            def hello():
                return jsonify("Hello")
            %get /
        """,
        shows='"Hello"',
    ),
    Mistake(
        "a coroutine without await",
        wrong="""
            async def fetch():
                return "fetched"

            @app.get("/")
            def page():
                return fetch()
            %get /
        """,
        says=[
            "TypeError",
            "line 6: a value of the type coroutine is no response. Type return await fetch(), in an async def",
        ],
        right="""
            async def fetch():
                return "fetched"

            @app.get("/")
            async def page():
                return await fetch()
            %get /
        """,
        shows="fetched",
    ),
    Mistake(
        "the status before the text",
        wrong="""
            @app.get("/")
            def missing():
                return 404, "there is none"
            %get /
        """,
        says=["TypeError", "line 3: the status comes second. Type return 'there is none', 404"],
        right="""
            @app.get("/")
            def missing():
                return "there is none", 404
            %get /
        """,
        shows="there is none",
    ),
    Mistake(
        "a tuple that is too long",
        wrong="""
            @app.get("/")
            def names():
                return "Ann", "Bo", "Cem", "Dee"
            %get /
        """,
        says=[
            "TypeError",
            "line 3: a tuple is a text with a status and headers. For JSON, type return list(('Ann', 'Bo', 'Cem', 'Dee'))",
        ],
        right="""
            @app.get("/")
            def names():
                return ["Ann", "Bo", "Cem", "Dee"]
            %get /
        """,
        shows='"Dee"',
    ),
    Mistake(
        "two texts",
        wrong="""
            @app.get("/")
            def names():
                return "Ann", "Bo"
            %get /
        """,
        says=[
            "500 Internal Server Error",
            "the status '0 Bo' does not begin with a number of three digits",
            "line 3: a tuple is a text with a status and headers. For JSON, type return list(('Ann', 'Bo'))",
        ],
        right="""
            @app.get("/")
            def names():
                return list(("Ann", "Bo"))
            %get /
        """,
        shows="Bo",
    ),
    Mistake(
        "three texts",
        wrong="""
            @app.get("/")
            def names():
                return ("a", "b", "c")
            %get /
        """,
        says=[
            "line 3: a tuple is a text with a status and headers. For JSON, type return list(('a', 'b', 'c'))"
        ],
        right="""
            @app.get("/")
            def names():
                return list(("a", "b", "c"))
            %get /
        """,
        shows='"c"',
    ),
    Mistake(
        "a DataFrame",
        wrong="""
            df = pd.DataFrame({"city": ["Oslo"]})
            @app.get("/")
            def table():
                return df
            %get /
        """,
        says=[
            "TypeError",
            'line 4: a value of the type DataFrame is no response. Type return df.to_html(), or return df.to_dict("records")',
        ],
        right="""
            df = pd.DataFrame({"city": ["Oslo"]})
            @app.get("/")
            def table():
                return df.to_html()
            %get /
        """,
        shows="<td>Oslo</td>",
        setup=LIBRARIES,
    ),
    Mistake(
        "a Series",
        wrong="""
            cities = pd.Series(["Oslo"])
            @app.get("/")
            def table():
                return cities
            %get /
        """,
        says=[
            "TypeError",
            "line 4: a value of the type Series is no response. Type return cities.to_dict(), or return cities.to_frame().to_html()",
        ],
        right="""
            cities = pd.Series(["Oslo"])
            @app.get("/")
            def table():
                return cities.to_dict()
            %get /
        """,
        shows='"Oslo"',
        setup=LIBRARIES,
    ),
    Mistake(
        "a figure",
        wrong="""
            @app.get("/")
            def plot():
                fig, ax = plt.subplots()
                return fig
            %get /
        """,
        says=[
            "TypeError",
            "line 4: a value of the type Figure is no response. Type "
            + PICTURE.format('fig.savefig(buffer, format="png")'),
        ],
        right="""
            import io
            from flask_nb import send_file
            @app.get("/")
            def plot():
                fig, ax = plt.subplots()
                buffer = io.BytesIO(); fig.savefig(buffer, format="png"); buffer.seek(0); return send_file(buffer, "image/png")
            %get /
        """,
        shows="image/png",
        setup=LIBRARIES,
    ),
    Mistake(
        "the lines that plot returns",
        wrong="""
            ---
            %%route / --try /
            plt.plot([1, 2])
        """,
        says=[
            "TypeError: Object of type Line2D is not JSON serializable",
            "a plot is sent as the picture of its figure. Type "
            + PICTURE.format('plt.gcf().savefig(buffer, format="png")'),
        ],
        right="""
            import io
            ---
            %%route / --try /
            plt.plot([1, 2])
            buffer = io.BytesIO(); plt.gcf().savefig(buffer, format="png"); buffer.seek(0); return send_file(buffer, "image/png")
        """,
        shows="image/png",
        setup=LIBRARIES,
    ),
    Mistake(
        "a picture of Pillow",
        wrong="""
            image = Image.new("RGB", (2, 2))
            @app.get("/")
            def picture():
                return image
            %get /
        """,
        says=[
            "TypeError",
            "line 4: a value of the type Image is no response. Type "
            + PICTURE.format('image.save(buffer, "PNG")'),
        ],
        right="""
            import io
            from flask_nb import send_file
            image = Image.new("RGB", (2, 2))
            @app.get("/")
            def picture():
                buffer = io.BytesIO(); image.save(buffer, "PNG"); buffer.seek(0); return send_file(buffer, "image/png")
            %get /
        """,
        shows="image/png",
        setup=LIBRARIES,
    ),
    Mistake(
        "a number of NumPy",
        wrong="""
            @app.get("/")
            def total():
                return np.int64(7)
            %get /
        """,
        says=["TypeError", "line 3: a value of the type int64 is no response. Type return str(np.int64(7))"],
        right="""
            @app.get("/")
            def total():
                return str(np.int64(7))
            %get /
        """,
        shows="7",
        setup=LIBRARIES,
    ),
    Mistake(
        "an array in a dictionary",
        wrong="""
            @app.get("/")
            def scores():
                return {"name": "Ann", "scores": np.array([1, 2])}
            %get /
        """,
        says=[
            "TypeError: Object of type ndarray is not JSON serializable",
            "$.scores is of the type ndarray, which JSON does not have. Type .tolist() behind it",
        ],
        right="""
            @app.get("/")
            def scores():
                return {"name": "Ann", "scores": np.array([1, 2]).tolist()}
            %get /
        """,
        shows='"scores": [1, 2]',
        setup=LIBRARIES,
    ),
    Mistake(
        "an object in a dictionary",
        wrong="""
            class User:
                def __init__(self, name):
                    self.name = name

            @app.get("/")
            def users():
                return {"count": 1, "users": [User("Ann")]}
            %get /
        """,
        says=[
            "TypeError: Object of type User is not JSON serializable",
            "$.users[0] is of the type User, which JSON does not have. Type vars(…) around it, or name its fields in a dictionary",
        ],
        right="""
            class User:
                def __init__(self, name):
                    self.name = name

            @app.get("/")
            def users():
                return {"count": 1, "users": [vars(User("Ann"))]}
            %get /
        """,
        shows='"name": "Ann"',
    ),
    Mistake(
        "a set in a dictionary",
        wrong="""
            @app.get("/")
            def tags():
                return jsonify(tags={"web"})
            %get /
        """,
        says=[
            "TypeError: Object of type set is not JSON serializable",
            "$.tags is of the type set, which JSON does not have. Type list(…) around it",
        ],
        right="""
            @app.get("/")
            def tags():
                return jsonify(tags=list({"web"}))
            %get /
        """,
        shows='["web"]',
    ),
    Mistake(
        "bytes in a dictionary",
        wrong="""
            @app.get("/")
            def body():
                return {"text": b"Hello"}
            %get /
        """,
        says=[
            "TypeError: Object of type bytes is not JSON serializable",
            "$.text is of the type bytes, which JSON does not have. Type .decode() behind it",
        ],
        right="""
            @app.get("/")
            def body():
                return {"text": b"Hello".decode()}
            %get /
        """,
        shows='"Hello"',
    ),
    Mistake(
        "numbers that are streamed",
        wrong="""
            %%route / --try /
            for n in range(3):
                yield n
        """,
        says=[
            "the app gave int for a part of the body",
            "a view that streams yields text or bytes. Type yield str(…)",
        ],
        right="""
            %%route / --try /
            for n in range(3):
                yield str(n)
        """,
        shows="012",
    ),
    Mistake(
        "text from a WSGI app",
        wrong="""
            def wsgi(environ, start_response):
                start_response("200 OK", [("Content-Type", "text/plain")])
                return ["text"]
            %app wsgi
            %get /
        """,
        says=[
            "NotWSGIError: the app gave str for a part of the body, where bytes belong",
            "a WSGI app answers with a list of bytes. Type .encode() behind the text",
        ],
        right="""
            def wsgi(environ, start_response):
                start_response("200 OK", [("Content-Type", "text/plain")])
                return ["text".encode()]
            %app wsgi
            %get /
        """,
        shows="text",
        setup="",
    ),
    Mistake(
        "bytes from a WSGI app without their list",
        wrong="""
            def wsgi(environ, start_response):
                start_response("200 OK", [("Content-Type", "text/plain")])
                return b"text"
            %app wsgi
            %get /
        """,
        says=["a WSGI app answers with a list of bytes. Type return [b'…']"],
        right="""
            def wsgi(environ, start_response):
                start_response("200 OK", [("Content-Type", "text/plain")])
                return [b"text"]
            %app wsgi
            %get /
        """,
        shows="text",
        setup="",
    ),
]
