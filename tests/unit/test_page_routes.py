"""The routes that serve the page: strict policies, nothing but known files, one catalogue in every language."""

import json
import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from registry.api.problems import on_hallmark_error
from registry.api.routes import pages
from registry.credential.rdf.contexts import pinned_contexts
from registry.errors import HallmarkError

STATIC = pages.STATIC
STEPS = (
    *("readable", "conforming", "signature", "included", "anchored", "issuer", "accredited", "status", "validity"),
    *("rdf", "key", "jwt", "profile", "evidence", "moment", "roots", "rule", "kind", "carrier", "broken"),
)
CATALOGUES = {path.stem: json.loads(path.read_text("utf-8")) for path in (STATIC / "i18n").glob("*.json")}


@pytest.fixture
def client():
    app = FastAPI()
    app.include_router(pages.router)
    app.add_exception_handler(HallmarkError, on_hallmark_error)
    return TestClient(app)


def sources() -> str:
    code = [path.read_text("utf-8") for folder in ("ui", "core", "carriers") for path in (STATIC / folder).glob("*.js")]
    return "\n".join([*code, *(path.read_text("utf-8") for path in (STATIC / "pages").glob("*.html"))])


def test_every_language_says_everything_and_fills_in_the_same_values():
    assert {"en", "de"} <= set(CATALOGUES)
    english = CATALOGUES["en"]
    for name, other in CATALOGUES.items():
        assert other["language"] == name
        for part in ("page", "checks"):
            assert other[part].keys() == english[part].keys()
            for key, words in other[part].items():
                assert words.strip(), f"{name} says nothing for {key}"
                assert set(re.findall(r"{(\w+)}", words)) <= set(re.findall(r"{(\w+)}", english[part][key])), key


def test_every_sentence_that_the_code_asks_for_is_in_the_catalogue():
    known = CATALOGUES["en"]["page"].keys() | CATALOGUES["en"]["checks"].keys()
    code = sources()
    asked = set(re.findall(r"""(?:say\(|data-say(?:-label)?=)["']([\w.]+)["']""", code))
    asked |= set(re.findall(rf'"((?:{"|".join(STEPS)})\.\w+)"', code))
    assert len(asked) > 100
    assert asked <= known


def test_reasons_of_the_anchor_check_are_said_in_the_catalogue_as_the_file_itself_says_them():
    """anchor.js runs without the catalogue, with English of its own: both are the same words."""
    code = "".join((STATIC / name).read_text("utf-8") for name in ("core/document.js", "anchor.js"))
    thrown = re.findall(r"""(?:unreadable|this\.wrong)\("(\w+)", .*?, (["`])((?:(?!\2).)*)\2\)""", code)
    found = {f"document.{name}": f"The document cannot be read: {words}{{}}." for name, _, words in thrown}
    refused = re.findall(r"""refuse\("(proof|inclusion)", "(\w+)", .*?, (["`])((?:(?!\3).)*)\3\);""", code)
    found |= {f"{stage}.{name}": words for stage, name, _, words in refused}
    known = {
        key: words for key, words in CATALOGUES["en"]["checks"].items() if re.match(r"document\.|proof\.|incl", key)
    }
    assert len(found) >= 20
    for key, words in found.items():
        assert re.sub(r"\$?{.*?}", "{}", words) == re.sub(r"{.*?}", "{}", known[key]), key


def test_page_source_makes_no_markup_from_texts_and_evaluates_nothing():
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", sources())
    for page in (STATIC / "pages").glob("*.html"):
        html = page.read_text("utf-8")
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)|https?://", html), page.name


@pytest.mark.skipif(not (STATIC / "vendor").is_dir(), reason="the page's libraries are ABSENT (`make page`)")
@pytest.mark.parametrize("path", ["/", "/issuer", "/batch", "/audit"])
def test_pages_come_with_a_policy_that_allows_this_origin_only(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    rules = dict(rule.strip().split(" ", 1) for rule in answer.headers["content-security-policy"].split(";"))
    assert rules["default-src"] == "'none'"
    assert {rules[name] for name in ("script-src", "style-src", "connect-src", "frame-src", "worker-src")} == {"'self'"}
    assert rules["img-src"] == "'self' data:"
    assert (rules["base-uri"], rules["form-action"], rules["frame-ancestors"]) == ("'none'",) * 3
    assert "{{" not in answer.text


def test_page_without_its_libraries_says_what_to_run(client, monkeypatch, tmp_path):
    monkeypatch.setattr(pages, "STATIC", tmp_path)
    answer = client.get("/")
    assert (answer.status_code, "make page" in answer.text) == (503, True)


@pytest.mark.parametrize(
    "to", ["https://rpc.example", "https://rpc.example:8443", "http://localhost:8545", "http://127.0.0.1:1"]
)
def test_frame_allows_the_one_origin_that_was_entered(client, to):
    policy = client.get("/page/relay", params={"to": to}).headers["content-security-policy"]
    assert f"connect-src {to};" in policy
    assert "frame-ancestors 'self'" in policy


@pytest.mark.parametrize(
    "to",
    [
        *(
            "*",
            "https:",
            "http://rpc.example",
            "https://a.example/path",
            "https://a.example; script-src *",
            "https://a b",
        ),
        *("", "'self'", "https://user@a.example", "data:", "https://a.example\r\nX: y", "https://*.example"),
        "http://localhost.evil.example",
    ],
)
def test_what_is_no_single_origin_never_gets_into_a_policy(client, to):
    answer = client.get("/page/relay", params={"to": to})
    assert answer.status_code == 422
    assert "content-security-policy" not in answer.headers


@pytest.mark.parametrize(
    "path", ["../pages.py", "..%2fapp.py", "%2e%2e/app.py", "pages/layout.html", "vendor/.stamp", "", "core"]
)
def test_only_files_of_the_page_are_served(client, path):
    assert client.get(f"/static/{path}").status_code == 404


def test_files_are_not_sent_twice(client):
    first = client.get("/static/anchor.js")
    assert first.headers["content-type"].startswith("text/javascript")
    again = client.get("/static/anchor.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_contexts_are_served_by_their_digest_and_nothing_else_is(client):
    from registry.api.page_tables import context_texts, page_tables

    digests = page_tables(())["contexts"]
    assert digests.keys() == pinned_contexts().documents.keys()
    for url, digest in digests.items():
        answer = client.get(f"/page/contexts/{digest}.json")
        assert answer.content == context_texts()[digest]
        assert answer.json() == pinned_contexts().documents[url]
    assert client.get(f"/page/contexts/{'0' * 64}.json").status_code == 404


def test_lock_files_name_no_registry_and_pin_every_package():
    root = Path(__file__).parents[2]
    for folder in ("scripts/page", "tests/browser"):
        lock = json.loads((root / folder / "package-lock.json").read_text("utf-8"))
        packages = [one for name, one in lock["packages"].items() if name]
        assert all("integrity" in one and "resolved" not in one for one in packages)


def test_the_pages_files_are_not_counted_against_a_client_but_questions_are():
    import anyio

    from registry.api.gate import Gate
    from registry.api.limits import Limits

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    gate, said = Gate(app, Limits(rate=1, burst=1), lambda: 100.0), []

    async def ask(path):
        async def send(message):
            said.extend([message["status"]] if "status" in message else [])

        scope = {"type": "http", "method": "GET", "path": path, "headers": [], "client": ("192.0.2.1", 1)}
        await gate(scope, None, send)

    for path in ["/static/anchor.js"] * 3 + ["/v1/checkpoint"] * 2 + ["/static/anchor.js"]:
        anyio.run(ask, path)
    assert said == [200, 200, 200, 200, 429, 200]
