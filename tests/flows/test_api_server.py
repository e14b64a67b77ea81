"""The server as a process on a socket: slow and endless requests end, verifying leaves no trace, nothing is fetched."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from served import ask, connect, serving

ROOT = Path(__file__).parents[2]


def test_heads_and_bodies_that_do_not_end_are_ended_and_others_are_served_meanwhile(desk):
    with serving(desk, HALLMARK_API_BODY_SECONDS="1") as (address, _):
        drops, endless, silent, body = (connect(address) for _ in range(4))
        drops.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ")
        body.sendall(b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        with contextlib.suppress(OSError):
            for _ in range(200):
                endless.sendall(b"X-Name: " + b"a" * 1000 + b"\r\n" if _ else b"GET / HTTP/1.1\r\n")
        assert ask(address, "GET", "/healthz")[0] == 200
        answer = body.recv(4096)
        assert b" 408 " in answer.split(b"\r\n")[0]
        assert b"application/problem+json" in answer
        assert ended(endless)
        assert ended(drops, by=b"408"), "a head in drops is not waited for"
        assert ended(silent), "nor a connection that never says anything"
        for one in (drops, endless, silent, body):
            one.close()


def ended(connection: socket.socket, by: bytes = b"") -> bool:
    """Whether the server closes it, having said so."""
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(4096):
            said += part
    return by in said


def test_ndjson_is_answered_while_it_is_still_being_sent(desk):
    desk.write_csv(1)
    desk.ok("issue results.csv --achievement achievement.json --out credentials --wait 1")
    line = json.dumps(json.loads((desk.folder / "credentials/001.json").read_bytes())).encode() + b"\n"
    with serving(desk) as (address, _), connect(address) as stream:
        head = b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
        head += b"Transfer-Encoding: chunked\r\n\r\n"
        stream.sendall(head + b"%x\r\n%b\r\n" % (len(line), line))
        said = b""
        while b'"line":1' not in said:
            said += stream.recv(65536)
        stream.sendall(b"%x\r\n%b\r\n0\r\n\r\n" % (len(line), line))
        while not said.endswith(b"0\r\n\r\n"):
            said += stream.recv(65536)
        assert said.count(b'"verdict":"') >= 2
        assert b'"line":2' in said


PERSON = "Zephyrine Quackenbush"


def test_verifying_leaves_nothing_of_the_person_in_logs_database_or_anywhere_on_disk(desk):
    """Valid, broken and unreadable documents, by every way in; then all that the process wrote is searched."""
    from registry.credential.canonical import canonical_hash

    (desk.folder / "results.csv").write_text(f"id,name,email\nqx1,{PERSON},zephyrine.q@example.org\n")
    (desk.folder / "achievement.json").write_bytes((ROOT / "scripts/demo_achievement.json").read_bytes())
    desk.ok("issue results.csv --achievement achievement.json --out credentials --wait 1 --suite jcs")
    document = json.loads((desk.folder / "credentials/qx1.json").read_bytes())
    marks = [PERSON.encode(), b"zephyrine"]
    for identity in document["credentialSubject"]["identifier"]:
        marks += [str(identity.get(member)).encode() for member in ("identityHash", "salt")]
    marks += [str(document["id"]).encode(), str(document["proof"][0]["proofValue"]).encode()]
    marks = [mark for mark in marks if mark and mark != b"None"]
    named = {
        **document,
        "name": PERSON,
        PERSON: [PERSON],
        "credentialSubject": {**document["credentialSubject"], "name": PERSON},
    }
    bodies = [
        document,
        named,
        {**named, "validFrom": PERSON},
        {**named, "proof": PERSON},
        {**named, "@context": [PERSON]},
    ]
    raw = [json.dumps(body).encode() for body in bodies]
    raw += [raw[1][:-3], raw[1].replace(b"{", b"[", 1), b"\xff" + raw[1], raw[1] + raw[1]]
    with serving(desk) as (address, process):
        seen = set()
        for body in raw:
            seen.add(ask(address, "POST", "/v1/verify", body)[0])
            seen.add(ask(address, "POST", "/v1/verify?asOf=1&evidence=false", body)[0])
            seen.add(ask(address, "POST", "/credentials/verify", b'{"verifiableCredential":' + body + b"}")[0])
            name = canonical_hash({"x": 1}).hex()
            seen.add(ask(address, "PUT", f"/v1/documents/profile/{name}", body)[0])
        lines = b"\n".join(raw)
        assert ask(address, "POST", "/v1/verify", lines, **{"Content-Type": "application/x-ndjson"})[0] == 200
        ask(address, "GET", f"/v1/credentials/{PERSON}")
        ask(address, "GET", f"/v1/issuers/{PERSON}/keys?after={PERSON}")
        assert seen <= {200, 400, 404, 422}, seen
        environ = Path(f"/proc/{process.pid}/fd")
        opened = {os.path.realpath(handle) for handle in environ.iterdir()} if environ.exists() else set()
    shutil.rmtree(desk.folder / "credentials")
    shutil.rmtree(desk.folder / "issuer")
    (desk.folder / "results.csv").unlink()
    left = [path for path in desk.folder.rglob("*") if path.is_file()]
    left += [Path(path) for path in opened if Path(path).is_file() and not path.endswith((".so", ".py", ".pyc"))]
    assert any(path.name == "hallmark.sqlite" for path in left)
    assert any(path.name == "serve.log" for path in left)
    for path in left:
        content = path.read_bytes() if path.exists() else b""
        found = [mark for mark in marks if mark in content or mark.hex().encode() in content]
        assert not found, f"{path} holds {found}"


# --- no packet leaves ------------------------------------------------------------------------------------------------

OUTSIDE = "https://canary.example:4443"


def untrusted(document: dict) -> list[dict]:
    """Documents that name hosts wherever a careless verifier would fetch something."""
    entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "1"}
    lists = [{**entry, "id": f"{OUTSIDE}/1#1", "statusListCredential": f"{OUTSIDE}/1"}]
    lists += [{**entry, "id": "x:1", "statusListCredential": "http://10.99.0.2:4443/1"}]
    proof = document["proof"][0]
    return [
        {**document, "@context": [*document["@context"], f"{OUTSIDE}/context.json"]},
        {**document, "@context": "http://10.99.0.2:4443/context.json"},
        {**document, "issuer": "did:web:canary.example%3A4443"},
        {**document, "issuer": {"id": "did:web:10.99.0.2%3A4443", "image": f"{OUTSIDE}/logo.png"}},
        {**document, "issuer": f"{OUTSIDE}/issuer"},
        {**document, "credentialStatus": lists[0]},
        {**document, "credentialStatus": lists},
        {**document, "credentialStatus": {"id": f"{OUTSIDE}/r", "type": "1EdTechRevocationList"}},
        {**document, "credentialSchema": {"id": f"{OUTSIDE}/schema.json", "type": "JsonSchema"}},
        {
            **document,
            "refreshService": {"id": f"{OUTSIDE}/refresh", "type": "X"},
            "termsOfUse": {"id": OUTSIDE, "type": "X"},
        },
        {**document, "evidence": [{"id": f"{OUTSIDE}/e", "type": ["Evidence"]}]},
        *[
            {**document, "proof": {**proof, "cryptosuite": suite, "verificationMethod": method}}
            for suite in ("eddsa-rdfc-2022", "eddsa-jcs-2022", "ecdsa-rdfc-2019")
            for method in ("did:web:canary.example%3A4443#key", f"{OUTSIDE}/keys/1", "http://10.99.0.2:4443/k#1")
        ],
    ]


@pytest.fixture
def netns():
    """A network namespace with a loopback device and no way out, whose kernel counts whatever wants to leave."""
    name = f"hallmark{os.getpid()}"
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("SKIPPED: no `ip`, or not root: a network namespace cannot be made")
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"SKIPPED: a network namespace cannot be made: {made.stderr.strip()}")
    subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
    yield name
    subprocess.run(["ip", "netns", "delete", name], check=False)


def attempts(name: str) -> dict[str, int]:
    """How often somebody in the namespace wanted to reach something, by the kernel's counters."""
    files = ["/proc/net/snmp", "/proc/net/snmp6"]
    done = subprocess.run(["ip", "netns", "exec", name, "cat", *files], capture_output=True, text=True, check=False)
    found, heads = {}, {}
    for line in done.stdout.splitlines():
        group, _, rest = line.partition(":")
        if group in heads:
            found |= {f"{group}.{key}": int(value) for key, value in zip(heads[group], rest.split(), strict=True)}
        elif rest:
            heads[group] = rest.split()
        else:
            key, value = line.split()
            found[key] = int(value)
    wanted = ("Ip.OutNoRoutes", "Udp.OutDatagrams", "Tcp.ActiveOpens", "Ip6OutNoRoutes", "Udp6OutDatagrams")
    return {key: found.get(key, 0) for key in wanted}


IN_NAMESPACE = """
import json, socket, sys, urllib3
address, documents = sys.argv[1], json.load(open(sys.argv[2]))
pool, seen = urllib3.PoolManager(retries=False), []
for document in documents:
    for path, body in (("/v1/verify", document), ("/credentials/verify", {"verifiableCredential": document})):
        answer = pool.request("POST", address + path, body=json.dumps(body))
        seen.append([answer.status, json.loads(answer.data).get("verdict", json.loads(answer.data).get("verified"))])
print(json.dumps(seen))
"""


def test_verifying_untrusted_documents_sends_no_packet_anywhere(desk, netns):
    desk.write_csv(1)
    desk.ok("issue results.csv --achievement achievement.json --out credentials --wait 1 --suite jcs")
    documents = untrusted(json.loads((desk.folder / "credentials/001.json").read_bytes()))
    (desk.folder / "untrusted.json").write_text(json.dumps(documents))
    inside = ("ip", "netns", "exec", netns)
    for canary in (
        "import socket; socket.socket(2, 2).sendto(b'x', ('10.99.0.2', 53))",
        "import socket; socket.create_connection(('10.99.0.2', 4443), 1)",
        "import socket; socket.getaddrinfo('canary.example', 4443)",
    ):
        before = attempts(netns)
        subprocess.run([*inside, sys.executable, "-c", canary], check=False, capture_output=True)
        assert attempts(netns) != before, f"the canary sees who wants to leave: {canary}"
    with serving(desk, before=inside) as (address, _):
        time.sleep(0.2)
        before = attempts(netns)
        asked = subprocess.run(
            [*inside, sys.executable, "-c", IN_NAMESPACE, address, "untrusted.json"],
            cwd=desk.folder,
            capture_output=True,
            text=True,
            check=True,
        )
        time.sleep(0.5)
        after = attempts(netns)
        # the one connection is that of the client who asks
        assert after == {**before, "Tcp.ActiveOpens": before["Tcp.ActiveOpens"] + 1}, "something wanted to leave"
    answers = json.loads(asked.stdout)
    assert len(answers) == 2 * len(documents)
    assert {status for status, _ in answers} == {200}
    assert not any(verdict in ("valid", True) for _, verdict in answers)
