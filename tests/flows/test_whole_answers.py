"""Answers that are sent in one piece, on a socket: the same as any other answer, in order, and no more than is read."""

import json
import socket
import threading
import time
from http.client import HTTPResponse

import pytest
from served import ask, connect, deposited, serving

UNLIMITED = {"HALLMARK_API_RATE": "0"}


@pytest.fixture(scope="module")
def registry(desk_once):
    """A served registry's address, and path and badge of three credentials that it knows."""
    desk_once.write_csv(3)
    desk_once.ok("issue results.csv --achievement achievement.json --out credentials --wait 1 --suite jcs")
    desk_once.mine(4)
    with serving(desk_once, **UNLIMITED) as (address, _):
        deposited(desk_once, address)
        (manifest,) = (desk_once.folder / "credentials").glob("batch-*/manifest.bin")
        data = manifest.read_bytes()
        paths = [f"/v1/credentials/{data[i : i + 32].hex()}" for i in range(0, len(data), 32)]
        badges = [(desk_once.folder / f"credentials/00{number}.json").read_bytes() for number in (1, 2, 3)]
        yield address, paths, badges


def get(path: str, *lines: str, version: str = "1.1") -> bytes:
    return "\r\n".join([f"GET {path} HTTP/{version}", "Host: x", *lines, "", ""]).encode()


def post(body: bytes) -> bytes:
    return b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def answers(stream, count: int) -> list[tuple[int, dict[str, str], bytes]]:
    """So many answers, one after the other; each has to be as long as it says."""

    class Whole:  # HTTPResponse asks for a file of its own, and reads ahead in it
        def makefile(self, _mode):
            return file

    found = []
    with stream.makefile("rb") as file:
        file.close, close = (lambda: None), file.close
        for _ in range(count):
            answer = HTTPResponse(Whole())
            answer.begin()
            found.append((answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()))
        close()
    return found


def plain(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in ("date", "connection")}


def test_requests_sent_without_waiting_are_answered_in_their_order(registry):
    address, paths, badges = registry
    absent = "/v1/credentials/" + "00" * 32
    asked = [get(paths[0]), get(absent), post(badges[1]), get(paths[1]), get("/healthz"), post(b"{"), get(paths[2])]
    alone = [ask(address, "GET", path) for path in paths]
    with connect(address) as stream:
        stream.sendall(b"".join(asked))
        found = answers(stream, len(asked))
    assert [status for status, _, _ in found] == [200, 404, 200, 200, 200, 400, 200]
    for (status, headers, body), (_, single, expected) in zip((found[0], found[3], found[6]), alone, strict=True):
        assert (status, body, plain(headers)) == (200, expected, plain(single))
    assert b'"verdict":"valid"' in found[2][2]


def test_what_is_sent_whole_says_what_is_sent_in_parts(registry):
    """A client that closes, or speaks HTTP/1.0, gets the two messages of ASGI: the same bytes."""
    address, paths, badges = registry
    for line, version in (("Connection: close", "1.1"), ("Accept: */*", "1.0")):
        with connect(address) as stream, connect(address) as other:
            stream.sendall(get(paths[0]))
            other.sendall(get(paths[0], line, version=version))
            ((_, headers, body),), ((_, same, said),) = answers(stream, 1), answers(other, 1)
            assert (body, plain(headers)) == (said, plain(same))
            assert other.recv(1) == b"", "and the connection is closed"
    with connect(address) as stream:
        stream.sendall(post(badges[0]))
        ((_, headers, body),) = answers(stream, 1)
    assert headers["cache-control"] == "no-store"
    assert int(headers["content-length"]) == len(body)


def test_a_badge_is_judged_alike_however_it_is_cut_up(registry):
    """As a whole, in pieces with pauses, behind another one in the same bytes, and through a proxy that is trusted."""
    address, _, badges = registry
    request = post(badges[0])
    body = request.index(b"\r\n\r\n") + 4
    proxied = request.replace(b"Host: x\r\n", b"Host: x\r\nX-Forwarded-For: 192.0.2.7\r\n")
    ways = [[request], [request[:body], request[body:]], [request[:9], request[9 : body + 100], request[body + 100 :]]]
    for pieces, count in [*((way, 1) for way in ways), ([request * 3], 3), ([proxied], 1)]:
        with connect(address) as stream:
            for piece in pieces:
                stream.sendall(piece)
                time.sleep(0.05 if len(pieces) > 1 else 0)
            found = answers(stream, count)
        for status, headers, said in found:
            verdict = json.loads(said)
            assert (status, verdict["verdict"], headers["cache-control"]) == (200, "valid", "no-store")
            assert headers["hallmark-checkpoint"]
            assert [check["verdict"] for check in verdict["checks"]].count("valid") == 8


def test_who_leaves_before_the_answer_holds_no_place(registry):
    address, _, badges = registry
    for _ in range(60):  # more than one client may have at once
        with connect(address) as stream:
            stream.sendall(post(badges[0]))
        with connect(address) as stream:
            stream.sendall(post(badges[0])[:-10])
    deadline = time.monotonic() + 30
    while (status := ask(address, "POST", "/v1/verify", badges[0])[0]) == 503 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert status == 200


def test_a_client_that_does_not_read_gets_every_answer_in_order_once_it_does(registry):
    address, paths, _ = registry
    count = 8_000  # about 7 MB of answers, more than lies between the two

    def send_all():
        for number in range(count):
            stream.sendall(get(paths[number % 3]))
            time.sleep(0.0001)  # so that most requests come alone, as from a client that waits

    with connect(address) as stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sender = threading.Thread(target=send_all, daemon=True)
        sender.start()
        sender.join(3)  # by then the server waits until somebody reads
        found = answers(stream, count)
        sender.join()
    bodies = [ask(address, "GET", path)[2] for path in paths]
    assert all(body == bodies[number % 3] for number, (_, _, body) in enumerate(found))
