"""Views as classes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, ClassVar

from .globals import current_app, request

if TYPE_CHECKING:
    from .typing import ResponseReturnValue, RouteCallable

http_method_funcs = frozenset({"get", "head", "post", "put", "patch", "delete", "options", "trace"})


class View:
    """Answer requests with a method; ``as_view`` makes the function that is registered.

    Class attributes say how: ``methods`` and ``provide_automatic_options`` as for a route,
    ``decorators`` are applied to the function in the order of the list, and with
    ``init_every_request = False`` one instance serves all requests.
    """

    methods: ClassVar[Collection[str] | None] = None
    provide_automatic_options: ClassVar[bool | None] = None
    decorators: ClassVar[list[Callable[..., Any]]] = []
    init_every_request: ClassVar[bool] = True

    def dispatch_request(self) -> ResponseReturnValue:
        """Answer the request; the variables of the rule arrive as keyword arguments."""
        raise NotImplementedError

    @classmethod
    def as_view(cls, name: str, *class_args: Any, **class_kwargs: Any) -> RouteCallable:
        """Make a view function of the class.

        :param name: the function's name, and so the endpoint unless one is given.
        :param class_args: what the class is instantiated with, as ``class_kwargs``.
        """
        instance = None if cls.init_every_request else cls(*class_args, **class_kwargs)

        def answer(**values: Any) -> ResponseReturnValue:
            # Made of the class that the registered function carries: a test may put another in its place.
            chosen = instance if instance is not None else view.view_class(*class_args, **class_kwargs)
            return current_app.ensure_sync(chosen.dispatch_request)(**values)  # type: ignore[no-any-return]

        # Decorators look at the name, and what they return may be another function: sign both.
        view: Any = _signed(answer, name, cls)
        for decorate in cls.decorators:
            view = decorate(view)
        _signed(view, name, cls)
        view.view_class = cls
        view.methods = cls.methods
        view.provide_automatic_options = cls.provide_automatic_options
        return view  # type: ignore[no-any-return]


def _signed(view: Any, name: str, cls: type) -> Any:
    """Give a function the chosen name and the class's module and docstring."""
    view.__name__, view.__doc__, view.__module__ = name, cls.__doc__, cls.__module__
    return view


class MethodView(View):
    """Answer each HTTP method with the method of that name: ``get``, ``post``, …

    ``methods`` is collected from what the class and its bases define, unless it is set. ``HEAD`` is
    answered by ``get`` where there is no ``head``.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "methods" not in vars(cls):
            inherited = {method for base in cls.__bases__ for method in getattr(base, "methods", None) or ()}
            own = {name.upper() for name in http_method_funcs if hasattr(cls, name)}
            cls.methods = inherited | own or cls.methods

    def dispatch_request(self, **kwargs: Any) -> ResponseReturnValue:
        """Answer with the method named like the request's."""
        method = request.method
        answer = getattr(self, method.lower(), None)
        if answer is None and method == "HEAD":
            answer = getattr(self, "get", None)
        assert answer is not None, (
            f"{type(self).__name__} is registered for {method!r} but has no method {method.lower()!r}"
        )
        return current_app.ensure_sync(answer)(**kwargs)  # type: ignore[no-any-return]
