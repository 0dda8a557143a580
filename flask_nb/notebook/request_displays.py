"""What a view displays goes to its exchange, in whichever thread it runs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from flask_nb.exchange import Recorder

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class RequestDisplays:
    """Takes the displays of requests off a kernel's publisher.

    The publisher's hooks are each thread's own. So there is one hook in each thread that answers requests, as
    long as the thread lives; to put it in and take it out around each piece of an answer would cost every
    request more than all else that is recorded. The publishers of a terminal and of ``%%capture`` have no
    hooks; what a terminal's prints is captured too.

    :param ip: the shell whose publisher it is.
    :param recorder: knows which request the running code answers.
    """

    def __init__(self, ip: InteractiveShell, recorder: Recorder) -> None:
        self._ip = ip
        self._recorder = recorder
        self._watched = threading.local()

    def watch(self) -> None:
        """See to this thread's displays from now on."""
        publisher: Any = self._ip.display_pub
        if publisher is getattr(self._watched, "publisher", None) or not hasattr(publisher, "register_hook"):
            return
        publisher.register_hook(self._take)
        self._watched.publisher = publisher

    def close(self) -> None:
        """Leave this thread as it was; those of the server have ended."""
        publisher = vars(self._watched).pop("publisher", None)
        if publisher is not None:
            publisher.unregister_hook(self._take)

    def _take(self, message: dict[str, Any]) -> dict[str, Any] | None:
        recording = self._recorder.current()
        data = message.get("content", {}).get("data")
        if recording is None or not isinstance(data, dict):
            return message
        recording.show(data)
        return None
