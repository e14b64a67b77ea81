"""Fetching leaves only for hosts on the list, only for public addresses, and only so far. A real TLS server answers."""

import datetime
import ipaddress
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from registry.errors import Unreachable
from registry.web.fetch import Fetcher, FetchPolicy, public_address

HOST = "issuer.example"


class Site(BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self):
        type(self).asked.append(self.path)
        if self.path.startswith("/go/"):
            self.send_response(302)
            self.send_header("Location", {"/go/same": "/did.json", "/go/loop": "/go/loop"}.get(self.path, OTHER))
            self.end_headers()
        elif self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"[")
            GATE.wait(5)
        elif self.path == "/missing":
            self.send_error(404)
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * 5000 if self.path == "/long" else b'{"id": "here"}')

    def log_message(self, *_):
        pass


GATE = threading.Event()
OTHER = "https://other.example/did.json"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = (
        made.serial_number(1).not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
    )
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    path = tmp_path_factory.mktemp("tls") / "site.pem"
    path.write_bytes(pem)
    return path


@pytest.fixture
def site(certificate):
    """A server on loopback that speaks for issuer.example."""
    handler = type("Fresh", (Site,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    GATE.clear()
    yield server
    GATE.set()
    server.shutdown()
    server.server_close()


def fetcher(site, certificate, **policy):
    name = f"{HOST}:{site.server_port}"
    return Fetcher(
        FetchPolicy(hosts=policy.pop("hosts", frozenset({name})), **policy),
        resolve=lambda host, port: ["127.0.0.1"],
        acceptable=lambda address: address == "127.0.0.1",
        tls=ssl.create_default_context(cafile=certificate),
    )


def url(site, path="/did.json"):
    return f"https://{HOST}:{site.server_port}{path}"


def test_document_of_a_listed_host_is_fetched(site, certificate):
    assert fetcher(site, certificate).get(url(site)) == b'{"id": "here"}'
    assert fetcher(site, certificate).get(url(site, "/go/same")) == b'{"id": "here"}'


def test_nothing_leaves_for_a_host_that_is_not_listed(site, certificate):
    for hosts in (frozenset(), frozenset({"other.example"}), frozenset({HOST})):
        with pytest.raises(Unreachable, match="not on your list"):
            fetcher(site, certificate, hosts=hosts).get(url(site))
    assert site.RequestHandlerClass.asked == []


@pytest.mark.parametrize("scheme", ["http://", "ftp://", "file:///", "https://user@", "https://user:pass@", "//", ""])
def test_only_plain_https_is_asked(site, certificate, scheme):
    with pytest.raises(Unreachable):
        fetcher(site, certificate).get(f"{scheme}{HOST}:{site.server_port}/did.json")
    assert site.RequestHandlerClass.asked == []


def test_host_that_resolves_to_a_private_address_is_not_asked(site, certificate):
    name = frozenset({f"{HOST}:{site.server_port}"})
    for addresses in (["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::1"], []):
        with pytest.raises(Unreachable):
            Fetcher(FetchPolicy(name), resolve=lambda host, port, found=addresses: found).get(url(site))
    assert site.RequestHandlerClass.asked == []


def test_name_is_resolved_once_so_that_rebinding_changes_nothing(site, certificate):
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    made = fetcher(site, certificate)
    rebound = Fetcher(made.policy, lambda host, port: next(answers), made.acceptable, made.tls)
    assert rebound.get(url(site)) == b'{"id": "here"}'
    assert next(answers) == ["10.0.0.1"]


@pytest.mark.parametrize("path", ["/go/elsewhere", "/go/loop", "/missing"])
def test_other_hosts_redirect_loops_and_errors_are_unreachable(site, certificate, path):
    with pytest.raises(Unreachable):
        fetcher(site, certificate).get(url(site, path))
    assert len(site.RequestHandlerClass.asked) <= 4


def test_long_answer_is_not_read_to_its_end(site, certificate):
    with pytest.raises(Unreachable, match="longer"):
        fetcher(site, certificate, max_bytes=4000).get(url(site, "/long"))


def test_slow_answer_ends_at_the_time_limit(site, certificate):
    with pytest.raises(Unreachable):
        fetcher(site, certificate, seconds=0.3).get(url(site, "/slow"))


def test_certificate_of_another_name_is_refused(site, certificate):
    made = fetcher(site, certificate, hosts=frozenset({f"other.example:{site.server_port}"}))
    with pytest.raises(Unreachable):
        made.get(f"https://other.example:{site.server_port}/did.json")


def test_copy_serves_when_the_host_is_gone(site, certificate, tmp_path):
    made = fetcher(site, certificate, cache=tmp_path, fresh=0)
    assert made.get(url(site)) == b'{"id": "here"}'
    gone = Fetcher(made.policy, lambda host, port: [], made.acceptable, made.tls)
    assert gone.get(url(site)) == b'{"id": "here"}'
    with pytest.raises(Unreachable):
        gone.get(url(site, "/never-seen"))


def test_fresh_copy_is_not_asked_for_again(site, certificate, tmp_path):
    made = fetcher(site, certificate, cache=tmp_path)
    assert [made.get(url(site)), made.get(url(site))] == [b'{"id": "here"}'] * 2
    assert site.RequestHandlerClass.asked == ["/did.json"]


PRIVATE = (
    "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 ::1 ::"
)
PRIVATE += " fe80::1 fe80::1%eth0 fc00::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 2002:7f00:1:: 2001:db8::1"
PRIVATE += " 64:ff9b:1::1 64:ff9b::7f00:1"


@pytest.mark.parametrize("address", PRIVATE.split())
def test_addresses_inside_are_private_in_every_spelling(address):
    assert not public_address(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_addresses_of_the_internet_are_public(address):
    assert public_address(address)
    assert ipaddress.ip_address(address)
