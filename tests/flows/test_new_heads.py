"""`--wake`: a node's WebSocket ends the indexer's wait, and can do no more than that."""

import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import orjson
import pytest
from websockets.sync.server import serve

from registry.chain import heads
from registry.chain.heads import NewHeads
from registry.errors import ConfigError

SOON = 5.0  # far below the wait that an announcement ends


@contextmanager
def node(*messages, answer=b'{"jsonrpc":"2.0","id":1,"result":"0x1"}', port=0):
    """A node that takes the subscription, says the messages, and keeps the socket open until the block ends."""
    asked, leave = [], threading.Event()

    def talk(connection):
        asked.append(orjson.loads(connection.recv()))
        connection.send(answer, text=True)
        for message in messages:
            connection.send(message, text=True)
        leave.wait(30)

    with serve(talk, "127.0.0.1", port) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        number = server.socket.getsockname()[1]
        try:
            yield f"ws://127.0.0.1:{number}", asked
        finally:
            leave.set()
            server.shutdown()
            thread.join()


def head(number):
    return orjson.dumps({"method": "eth_subscription", "params": {"result": {"number": hex(number)}}}).decode()


def until(true):
    deadline = time.monotonic() + 10
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert true()


def test_each_head_of_a_real_node_ends_the_wait(desk):
    url = desk.chain.url.replace("http://", "ws://")
    with NewHeads(url, pytest.fail).listening() as listening:
        until(lambda: listening._newest == -1)
        listening.wait(desk.head())  # the subscription itself is worth a look
        for _ in range(3):
            number = desk.head()
            waker = threading.Timer(0.2, desk.mine, [1])
            waker.start()
            before = time.monotonic()
            listening.wait(number)
            assert time.monotonic() - before < SOON
            waker.join()
            until(lambda number=number: listening._newest == number + 1)


def test_following_indexer_is_woken(desk):
    url = desk.chain.url.replace("http://", "ws://")
    command = [sys.executable, "-m", "registry.cli", "index", "--follow", "--log-json", "--wake", url]
    with subprocess.Popen(command, cwd=desk.folder, stderr=subprocess.PIPE, text=True) as process:
        try:
            lines = iter(process.stderr.readline, "")
            assert next(line for line in lines if f'"block": {desk.head()}' in line)
            desk.mine(1)
            assert next(line for line in lines if f'"block": {desk.head()}' in line)
        finally:
            process.terminate()


def test_without_announcements_the_wait_is_long_only_while_they_may_come(monkeypatch):
    monkeypatch.setattr(heads, "ANNOUNCED_SECONDS", 1.5)
    monkeypatch.setattr(heads, "LOOK_SECONDS", 0.01)
    with node(head(7)) as (url, asked), NewHeads(url, lambda _: None).listening() as listening:
        until(lambda: listening._newest == 7)
        listening.wait(7)
        assert asked[0]["params"] == ["newHeads"]
        before = time.monotonic()
        listening.wait(7)
        assert time.monotonic() - before >= 1.4
        before = time.monotonic()
        listening.wait(6)  # announced but not read yet: the node that is read is behind
        assert time.monotonic() - before < 1.4


@pytest.mark.parametrize(
    "message",
    ["no JSON", "{}", "[]", "7", '{"params":{"result":{"number":7}}}', '{"params":{"result":{"number":"0xz"}}}'],
)
def test_nonsense_is_told_once_and_looking_goes_on(message):
    told = []
    with node(message) as (url, _), NewHeads(url, told.append).listening() as listening:
        until(lambda: told)
        assert "looking every second" in told[0]
        assert listening._newest is None
    assert len(told) == 1


def test_node_without_subscriptions_is_told():
    told = []
    refused = b'{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"method not found"}}'
    with node(answer=refused) as (url, _), NewHeads(url, told.append).listening():
        until(lambda: told)
    assert "eth_subscribe" in told[0]


def test_broken_socket_is_opened_again(monkeypatch):
    monkeypatch.setattr(heads, "LOOK_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = []
    with NewHeads(f"ws://127.0.0.1:{port}", told.append).listening() as listening:
        until(lambda: told)
        with node(head(3), port=port):
            until(lambda: listening._newest == 3)
        until(lambda: listening._newest is None)
    assert [("again" in line) for line in told[:3]] == [False, True, False]


def test_flood_of_bytes_is_cut_off():
    told = []
    with node("9" * 100_000) as (url, _), NewHeads(url, told.append).listening():
        until(lambda: told)


def test_address_that_is_no_websocket_is_refused():
    with pytest.raises(ConfigError, match="WebSocket"):
        NewHeads("http://127.0.0.1:8545", print)
