"""Contexts, threads and event loops."""

from ..mistake import Mistake

MISTAKES = [
    Mistake(
        "the request outside of a view",
        wrong="""
            request.path
        """,
        says=[
            "RuntimeError: Working outside of request context",
            "in a cell, begin it with %%request_context /hello",
        ],
        right="""
            %%request_context /hello
            request.path
        """,
        shows="/hello",
    ),
    Mistake(
        "the session outside of a view",
        wrong="""
            app.secret_key = "dev"
            session["n"] = 1
        """,
        says=["RuntimeError: Working outside of request context", "%%request_context"],
        right="""
            app.secret_key = "dev"
            with app.test_request_context():
                session["n"] = 1
                print(session["n"])
        """,
        shows="1",
    ),
    Mistake(
        "current_app outside of a view",
        wrong="""
            from flask_nb import current_app
            current_app.name
        """,
        says=["RuntimeError: Working outside of application context", "with app.app_context():"],
        right="""
            from flask_nb import current_app
            with app.app_context():
                print(current_app.name)
        """,
        shows="__main__",
    ),
    Mistake(
        "a URL outside of a view",
        wrong="""
            @app.get("/hello")
            def hello():
                return "Hello"
            ---
            url_for("hello")
        """,
        says=["RuntimeError", "in a cell, type %url_for hello"],
        right="""
            @app.get("/hello")
            def hello():
                return "Hello"
            ---
            %url_for hello
        """,
        shows="/hello",
    ),
    Mistake(
        "the request in a thread of a view",
        wrong="""
            from concurrent.futures import ThreadPoolExecutor
            @app.get("/")
            def page():
                with ThreadPoolExecutor(1) as pool:
                    return pool.submit(lambda: request.path).result()
            %get /
        """,
        says=[
            "RuntimeError: Working outside of request context",
            "a thread has no request of its own. Take out what it needs before, or use copy_current_request_context",
        ],
        right="""
            from concurrent.futures import ThreadPoolExecutor
            @app.get("/")
            def page():
                path = request.path
                with ThreadPoolExecutor(1) as pool:
                    return pool.submit(lambda: path * 3).result()
            %get /
        """,
        shows="///",
    ),
    Mistake(
        "asyncio.run in a cell",
        wrong="""
            import asyncio
            async def fetch():
                return "fetched"
            asyncio.run(fetch())
        """,
        says=[
            "RuntimeError: asyncio.run() cannot be called from a running event loop",
            "a cell may await. Type await fetch()",
        ],
        right="""
            async def fetch():
                return "fetched"
            await fetch()
        """,
        shows="fetched",
    ),
    Mistake(
        "a database connection of a cell in a view",
        wrong="""
            import sqlite3
            db = sqlite3.connect(":memory:")
            @app.get("/")
            def one():
                return str(db.execute("select 1").fetchone())
            %get /
        """,
        says=[
            "ProgrammingError: SQLite objects created in a thread can only be used in that same thread",
            "views run in threads of the server: connect in the view, or type sqlite3.connect(…, check_same_thread=False)",
        ],
        right="""
            import sqlite3
            db = sqlite3.connect(":memory:", check_same_thread=False)
            @app.get("/")
            def one():
                return str(db.execute("select 1").fetchone())
            %get /
        """,
        shows="(1,)",
    ),
    Mistake(
        "a table that there is not",
        wrong="""
            import sqlite3
            @app.get("/")
            def users():
                return sqlite3.connect(":memory:").execute("select * from users").fetchall()
            %get /
        """,
        says=["OperationalError: no such table: users"],
        right="""
            import sqlite3
            @app.get("/")
            def users():
                db = sqlite3.connect(":memory:")
                db.execute("create table users (name)")
                return db.execute("select * from users").fetchall()
            %get /
        """,
        shows="200 OK",
    ),
    Mistake(
        "a model that is defined again",
        wrong="""
            class User(Model):
                pass
            ---
            class User(Model):
                pass
        """,
        says=["is already defined for this MetaData instance", "a database knows each of its models once"],
        right="""
            class User(Model):
                pass
            ---
            class Guest(Model):
                pass
            Guest.__name__
        """,
        shows="Guest",
        setup="""
class InvalidRequestError(Exception):
    pass
known = set()
class Model:
    def __init_subclass__(cls):
        if cls.__name__ in known:
            known.clear()
            raise InvalidRequestError("Table 'user' is already defined for this MetaData instance.")
        known.add(cls.__name__)
""",
    ),
    Mistake(
        "an app that a restart has taken away",
        wrong="""
            %get /
        """,
        says=[
            "there is no app in the variable 'app'. If the kernel was restarted, run the cells above first"
        ],
        right="""
            %%route / --try /
            "Hello"
        """,
        shows="Hello",
        setup="",
    ),
]
