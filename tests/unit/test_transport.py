"""An endpoint's answer ends: in time, however it drips, and in size, however it is packed."""

import gzip
import json
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from registry.chain import transport
from registry.chain.rpc import AnswerTooLarge, Dripping, Rpc
from registry.errors import ChainUnavailable, RangeTooLarge, RpcError

GOOD = json.dumps({"jsonrpc": "2.0", "id": 1, "result": "0x1"}).encode()


@contextmanager
def endpoint(answer):
    """Whatever `answer` writes to the handler it is given; how often it was asked, over how many connections."""
    seen = {"asked": 0, "connections": 0}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self):
            seen["connections"] += 1
            super().setup()

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            seen["asked"] += 1
            try:
                answer(self)
            except OSError:
                self.close_connection = True

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()


def begin(handler, **headers):
    handler.send_response(200)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()


def whole(handler, body=GOOD, **headers):
    begin(handler, Content_Length=len(body), **headers)
    handler.wfile.write(body)


def chunked(handler, body, piece=500):
    begin(handler, Transfer_Encoding="chunked")
    for start in range(0, len(body), piece):
        part = body[start : start + piece]
        handler.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
    handler.wfile.write(b"0\r\n\r\n")


def dripping_body(handler):
    begin(handler, Content_Length=100_000)
    while True:
        handler.wfile.write(b" ")
        time.sleep(0.02)


def dripping_headers(handler):
    handler.send_response(200)
    while True:
        handler.send_header("X-More", "and more")
        handler.flush_headers()
        time.sleep(0.02)


def dripping_status(handler):
    while True:
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.02)


def stalled(handler):
    begin(handler, Content_Length=100_000)
    time.sleep(2)


def ask(url, timeout=0.2):
    return Rpc(url, timeout=timeout, pause=lambda _: None).call("eth_blockNumber")


@pytest.mark.parametrize("answer", [dripping_body, dripping_headers, dripping_status, stalled])
def test_answer_that_begins_and_does_not_end_is_given_up_and_not_asked_for_again(answer):
    with endpoint(answer) as (url, seen):
        with pytest.raises(ChainUnavailable):
            ask(url)
        assert seen["asked"] == 1


def test_dripping_is_no_reason_to_ask_for_less():
    with endpoint(dripping_body) as (url, _), pytest.raises(Dripping) as caught:
        ask(url)
    assert "timed out" not in caught.value.what


def test_long_answer_that_comes_steadily_may_take_longer_than_one_silence():
    def steady(handler):
        body = GOOD.ljust(8 * 65_536)
        begin(handler, Content_Length=len(body))
        for start in range(0, len(body), 65_536):
            handler.wfile.write(body[start : start + 65_536])
            time.sleep(0.15)

    with endpoint(steady) as (url, seen):
        assert ask(url, timeout=1.0) == "0x1"
        assert seen["asked"] == 1


def test_answer_that_comes_fast_without_an_end_is_given_up_as_too_long_a_one():
    def endless(handler):
        begin(handler)
        while True:
            handler.wfile.write(b" " * 65_536)
            time.sleep(0.02)

    with endpoint(endless) as (url, seen), pytest.raises(Dripping, match="timed out"):
        ask(url)
    assert seen["asked"] == 1


def test_silent_endpoint_is_asked_four_times():
    with endpoint(lambda _: time.sleep(1)) as (url, seen):
        with pytest.raises(ChainUnavailable, match="timed out"):
            ask(url, timeout=0.05)
        assert seen["asked"] == 4


@pytest.mark.parametrize(
    "answer",
    [
        lambda handler: whole(handler, GOOD.ljust(2_000)),
        lambda handler: chunked(handler, GOOD.ljust(2_000)),
        lambda handler: whole(handler, gzip.compress(GOOD.ljust(1 << 20)), Content_Encoding="gzip"),
        lambda handler: whole(handler, gzip.compress(gzip.compress(b" " * 5_000)), Content_Encoding="gzip, gzip"),
    ],
)
def test_answer_beyond_the_limit_is_not_read_and_not_asked_for_again(answer, monkeypatch):
    monkeypatch.setattr(transport, "MAX_BYTES", 1_000)
    with endpoint(answer) as (url, seen):
        with pytest.raises(AnswerTooLarge) as caught:
            ask(url, timeout=2.0)
        assert isinstance(caught.value, RangeTooLarge)
        assert seen["asked"] == 1


@pytest.mark.parametrize(
    "answer",
    [
        lambda handler: whole(handler, GOOD.ljust(1_000)),
        lambda handler: chunked(handler, GOOD.ljust(1_000)),
        lambda handler: whole(handler, gzip.compress(GOOD.ljust(1_000)), Content_Encoding="gzip"),
    ],
)
def test_answer_up_to_the_limit_is_read_however_it_is_packed(answer, monkeypatch):
    monkeypatch.setattr(transport, "MAX_BYTES", 1_000)
    with endpoint(answer) as (url, _):
        assert ask(url, timeout=2.0) == "0x1"


def test_connection_is_kept_after_a_whole_answer_and_never_after_a_part_of_one(monkeypatch):
    monkeypatch.setattr(transport, "MAX_BYTES", 1_000)
    bodies = [GOOD, GOOD, GOOD.ljust(2_000), GOOD]
    with endpoint(lambda handler: whole(handler, bodies.pop(0))) as (url, seen):
        rpc = Rpc(url)
        assert [rpc.call("eth_blockNumber"), rpc.call("eth_blockNumber")] == ["0x1", "0x1"]
        assert seen["connections"] == 1
        with pytest.raises(AnswerTooLarge):
            rpc.call("eth_blockNumber")
        assert rpc.call("eth_blockNumber") == "0x1"
        assert seen["connections"] == 2


def test_answer_that_breaks_off_is_none():
    def breaks(handler):
        begin(handler, Content_Length=len(GOOD) + 1)
        handler.wfile.write(GOOD)
        handler.close_connection = True

    with endpoint(breaks) as (url, _), pytest.raises(ChainUnavailable):
        ask(url, timeout=2.0)


DEEP = b"[" * 5_000 + b"]" * 5_000


@pytest.mark.parametrize("member", ["result", "error"])
def test_bottomless_json_is_no_answer(member):
    bodies = b'[{"id":0,"%s":%s}]' % (member.encode(), DEEP)
    with endpoint(lambda handler: whole(handler, bodies)) as (url, _):
        for method in ("eth_getLogs", "eth_call"):
            # how deep a reader goes depends on the interpreter; an error whose message is none is one all the same
            with pytest.raises((ChainUnavailable, RpcError), match=r"not JSON|no message, but a list"):
                Rpc(url, pause=lambda _: None).batch([(method, [])])


@pytest.mark.parametrize(
    "error", [{"message": "<b>no\n\x1b[31m" + "x" * 5_000}, "no\r\n" * 900, [[[]]], {"message": {}, "data": "0xzz"}]
)
def test_endpoints_own_words_are_one_short_line(error):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "error": error}).encode()
    with endpoint(lambda handler: whole(handler, body)) as (url, _), pytest.raises(RpcError) as caught:
        ask(url)
    assert len(caught.value.what) < 250
    assert caught.value.what.isprintable()
    assert "[" not in caught.value.what.replace("[31m", "")
