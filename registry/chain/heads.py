"""New heads as a node's WebSocket announces them (`eth_subscribe`): a wake-up, and nothing that is believed.

Whoever follows a chain looks at it by HTTP, checks what it finds there, and waits. An announcement ends the wait;
a false one costs one look, a missing one a few seconds, and a broken socket brings back a look every second.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator

import orjson
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from registry.errors import ConfigError

LOOK_SECONDS = 1.0
ANNOUNCED_SECONDS = 10.0  # between two looks while announcements may come
_LONGEST_PAUSE = 30.0
_MAX_MESSAGE = 1 << 16  # bytes; a head with every field that exists is 3 KiB
_SUBSCRIBE = b'{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}'


class NewHeads:
    """Listens in a thread of its own, and connects again when the socket breaks.

    Args:
        url: ws(s) address; it need not be the node that is read.
        say: Told once when announcements stop, and once when they come again.
    """

    def __init__(self, url: str, say: Callable[[str], None]) -> None:
        if not url.startswith(("ws://", "wss://")):
            todo = "give a ws:// or wss:// address, or leave --wake away: then the chain is looked at every second"
            raise ConfigError(f"New heads are announced by WebSocket, not by {url!r}.", todo=todo)
        self._url = url
        self._say = say
        self._announced = threading.Event()
        self._ended = threading.Event()
        self._newest: int | None = None  # None: nothing is being announced
        self._socket: ClientConnection | None = None

    @contextlib.contextmanager
    def listening(self) -> Iterator["NewHeads"]:
        """Listen during a block of code."""
        thread = threading.Thread(target=self._listen, daemon=True, name="new heads")
        thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            if self._socket is not None:
                self._socket.close()
            thread.join()

    def wait(self, block: int) -> None:
        """Wait for the next look of someone who has read `block`: until a head is announced, or for some seconds."""
        newest = self._newest
        # A node that is read by HTTP may be behind the one that announces: it is asked again soon.
        silent = newest is None or newest > block
        self._announced.wait(LOOK_SECONDS if silent else ANNOUNCED_SECONDS)
        self._announced.clear()

    def _listen(self) -> None:
        pause, told = LOOK_SECONDS, False
        while not self._ended.is_set():
            why = "the socket was closed"
            try:
                for newest in self._heads():
                    if told:
                        self._say("new heads are announced again")
                    pause, told, self._newest = LOOK_SECONDS, False, newest
                    self._announced.set()
            except (OSError, ValueError, LookupError, TypeError, WebSocketException) as error:
                why = str(error) or type(error).__name__
            self._newest = None
            self._announced.set()  # whoever waits long looks now, and every second from here on
            if not (told or self._ended.is_set()):
                self._say(f"{self._url} announces no heads ({why}); looking every second")
            told = True
            self._ended.wait(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)

    def _heads(self) -> Iterator[int]:
        """Heights of announced heads: the first is -1, for the subscription itself.

        Raises:
            OSError, WebSocketException: No connection, or it broke.
            ValueError, LookupError, TypeError: An answer that is no announcement.
        """
        with connect(self._url, max_size=_MAX_MESSAGE, proxy=None, close_timeout=1) as socket:
            self._socket = socket
            socket.send(_SUBSCRIBE, text=True)
            if "result" not in orjson.loads(socket.recv(timeout=10)):
                raise ValueError("it does not offer eth_subscribe")
            yield -1
            for message in socket:
                yield int(orjson.loads(message)["params"]["result"]["number"], 16)
