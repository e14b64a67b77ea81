"""hallmark verify of documents whose status lies outside the chain: lists from files, and from allowed hosts."""

import datetime
import http.server
import json
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from registry.web.fetch import Fetcher, FetchPolicy
from registry.web.lists import ListReader

SUPPORT = Path(__file__).resolve().parents[1] / "unit/test_status_list.py"


@pytest.fixture(scope="module")
def made():
    """The builders of the unit tests: a credential with an entry, and its list."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("status_list_builders", SUPPORT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def verified(desk, *options: str) -> dict:
    outcome = desk.run(f"verify document.json {' '.join(options)} --json")
    (report,) = json.loads(outcome.out)
    return {check["name"]: check for check in report["checks"]} | {"verdict": report["verdict"]}


def test_list_in_a_file_decides_and_without_it_nobody_can_tell(desk_once, made):
    folder = desk_once.folder
    (folder / "document.json").write_bytes(made.credential(made.entry()))
    (folder / "clear.json").write_bytes(made.signed(made.list_document()))
    (folder / "set.json").write_bytes(made.signed(made.list_document(94567)))
    without = verified(desk_once)
    assert (without["verdict"], without["status"]["code"]) == ("unknown", "STATUS_RETRIEVAL_ERROR")
    assert "--status-list" in without["status"]["detail"]
    assert verified(desk_once, "--status-list", "clear.json")["verdict"] == "valid"
    assert verified(desk_once, "--status-list", "set.json")["status"]["code"] == "REVOKED"
    assert verified(desk_once, "--status-list", f"{made.URL}=set.json")["verdict"] == "invalid"
    assert desk_once.run("verify document.json --status-list absent.json").code == 2
    assert desk_once.run("verify document.json --status-list hallmark.toml").code == 2


def test_nobody_is_asked_whose_host_was_not_named(desk_once, made):
    (desk_once.folder / "document.json").write_bytes(made.credential(made.entry()))
    report = verified(desk_once, "--allow-host", "other.example")
    assert report["status"]["verdict"] == "unknown"
    assert "not on your list of hosts" in report["status"]["detail"]


def test_words_of_a_list_cannot_write_to_the_terminal(desk_once, made):
    gone = {"id": json.loads(made.credential())["id"], "revoked": True, "revocationReason": "\x1b[2J\x1b[32mVALID\r"}
    (desk_once.folder / "document.json").write_bytes(made.credential({"id": made.URL, "type": "1EdTechRevocationList"}))
    (desk_once.folder / "list.json").write_bytes(made.revocation_list(gone))
    outcome = desk_once.run("verify document.json --status-list list.json")
    assert outcome.code == 1
    assert "REVOKED" in outcome.out
    assert "\x1b" not in outcome.out
    assert "\r" not in outcome.out


class Server(http.server.BaseHTTPRequestHandler):
    answer = b""

    def do_GET(self):
        self.send_response(200 if self.answer else 404)
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def host(tmp_path):
    """An HTTPS server on the loopback interface under a name, with a certificate of its own."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "lists")]),
    )
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("lists.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "host.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "host.pem")
    server = http.server.HTTPServer(("127.0.0.1", 0), Server)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    trusted = ssl.create_default_context(cadata=certificate.public_bytes(serialization.Encoding.PEM).decode())
    yield server.server_port, trusted
    server.shutdown()
    server.server_close()


def test_list_is_fetched_from_an_allowed_host_and_is_as_old_as_the_question(made, host):
    port, trusted = host
    address = f"https://lists.example:{port}/status/3"
    policy = FetchPolicy(frozenset({f"lists.example:{port}"}))
    reader = ListReader({}, Fetcher(policy, lambda *_: ["127.0.0.1"], lambda _: True, trusted))
    Server.answer = made.signed(made.list_document(94567))
    found = reader.read([address])[address]
    assert (found.data, found.problem) == (Server.answer, "")
    Server.answer = b""
    gone = reader.read([address])[address]
    assert gone.data is None
    assert "404" in gone.problem


def test_list_on_a_private_address_is_never_asked_for(made, host):
    port, trusted = host
    Server.answer = made.signed(made.list_document())
    policy = FetchPolicy(frozenset({f"lists.example:{port}"}))
    reader = ListReader({}, Fetcher(policy, resolve=lambda *_: ["127.0.0.1"], tls=trusted))
    (answer,) = reader.read([f"https://lists.example:{port}/status/3"]).values()
    assert answer.data is None
    assert "private" in answer.problem
