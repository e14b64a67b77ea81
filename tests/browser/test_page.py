"""The page as a person meets it: harmless whatever a document holds, usable by keyboard, readable, in two languages."""

import base64
import json

import pytest
from browsing import PICTURES, axe, foreign, give, verdict

ATTACKS = [
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "<svg/onload=window.hit=1>",
    '"><script>window.hit=1</script>',
    "'-window.hit-'",
    "javascript:window.hit=1",
    "data:text/html,<script>window.hit=1</script>",
    "<iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
    "<a href=javascript:window.hit=1>x</a>",
    "<style>*{background:url(https://evil.example/x)}</style>",
    "<link rel=stylesheet href=https://evil.example/x>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<base href=https://evil.example/>",
    "<form action=https://evil.example/><input name=a autofocus onfocus=window.hit=1>",
    "<math><mtext></mtext><mglyph><style></math><img src onerror=window.hit=1>",
    "{{constructor.constructor('window.hit=1')()}}",
    "${window.hit=1}",
    "{name}{issuer}",
    "\u202egnp.exe\u2066",
    "__proto__",
]
ACTIVE_SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" onload="parent.hit=1"><script>parent.hit=1;top.hit=1</script>'
    b'<image href="https://evil.example/x"/></svg>'
)
MARKUP = "script iframe form style link base meta [onerror] [onload]"
PICTURES_THAT_ATTACK = [
    "javascript:window.hit=1",
    "https://evil.example/pixel.png",
    "//evil.example/pixel.png",
    "data:text/html;base64," + base64.b64encode(b"<script>parent.hit=1</script>").decode(),
    "data:image/svg+xml;base64," + base64.b64encode(ACTIVE_SVG).decode(),
]


def badge_with(site, words: str, image: str) -> bytes:
    """A badge that says the same words wherever a person's words can stand."""
    document = json.loads(site.credential())
    document["name"] = document["description"] = document["awardedDate"] = words
    document["id"] = document["validFrom"] = words
    document["issuer"] = {"id": words, "type": ["Profile"], "name": words, "url": words}
    subject = document["credentialSubject"]
    subject["achievement"] |= {"name": words, "description": words, "image": {"id": image, "type": "Image"}}
    subject["identifier"] = [{"identityType": "name", "hashed": False, "identityHash": words, "type": "IdentityObject"}]
    document[words] = words
    return json.dumps(document).encode()


def test_nothing_in_a_document_runs_loads_or_becomes_markup(site, open_page):
    page = open_page()
    for number, words in enumerate(ATTACKS):
        give(page, badge_with(site, words, PICTURES_THAT_ATTACK[number % len(PICTURES_THAT_ATTACK)]), f"{number}.json")
        assert page.evaluate("window.hit") is None, words
        assert page.query_selector(", ".join(f"#report {one}" for one in MARKUP.split())) is None, words
        addresses = page.eval_on_selector_all("#report a", "all => all.map(one => one.protocol)")
        assert set(addresses) <= {"https:", "http:"}
        assert words.split()[0][:10] in page.inner_text("#report")
        page.click("#again")
    assert page.url.startswith(site.url)
    assert foreign(page, site) == []
    assert [one for one in page.complaints if "evil" in one] == []


def test_page_may_speak_to_its_own_origin_only_and_runs_no_inline_script(site, open_page):
    page = open_page()
    refused = page.evaluate("""async () => {
      const tried = await fetch('https://elsewhere.example/').then(() => 'sent', () => 'refused');
      const script = document.createElement('script');
      script.textContent = 'window.inline = 1';
      document.body.append(script);
      const styled = document.createElement('p');
      styled.setAttribute('style', 'color: red');
      return [tried, window.inline ?? null, styled.style.length];
    }""")
    assert refused[:2] == ["refused", None]
    assert any("Content Security Policy" in one for one in page.complaints)


def test_frame_for_an_endpoint_may_speak_to_that_endpoint_only(site, open_page):
    page = open_page("/page/relay?to=https://rpc.example", wait=False)
    assert page.evaluate("fetch('/healthz').then(() => 'sent', () => 'refused')") == "refused"
    assert page.evaluate("fetch('https://other.example/').then(() => 'sent', () => 'refused')") == "refused"


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-GB"), ("dark", "de-DE")])
def test_every_page_is_accessible(site, open_page, scheme, locale):
    PICTURES.mkdir(parents=True, exist_ok=True)
    batch = json.loads(site.credential())["credentialStatus"]["id"].removeprefix("urn:hallmark:").rpartition(":")[0]
    issuer = batch.rpartition(":")[0]
    page = open_page(color_scheme=scheme, locale=locale, reduced_motion="reduce")
    assert axe(page) == []
    page.screenshot(path=PICTURES / f"start-{scheme}-{locale}.png", full_page=True)
    for name, number in (("valid", "001"), ("revoked", "002")):
        give(page, site.credential(number))
        assert axe(page) == []
        page.screenshot(path=PICTURES / f"{name}-{scheme}-{locale}.png", full_page=True)
        page.click("#again")
    page.route("**/v1/batches/**", lambda route: route.abort())
    assert give(page, site.credential())[0] == "unknown"
    assert axe(page) == []
    page.screenshot(path=PICTURES / f"unknown-{scheme}-{locale}.png", full_page=True)
    for name, path in (("issuer", f"/issuer?id={issuer}"), ("batch", f"/batch?id={batch}"), ("audit", "/audit")):
        other = open_page(path, color_scheme=scheme, locale=locale, reduced_motion="reduce")
        assert axe(other) == []
        assert other.complaints == []
        assert foreign(other, site) == []
        other.screenshot(path=PICTURES / f"{name}-{scheme}-{locale}.png", full_page=True)


@pytest.mark.parametrize("path", ["/", "/audit"])
def test_page_fits_a_phone_and_a_narrow_window_without_sideways_scrolling(site, open_page, path):
    for width in (320, 390):
        page = open_page(path, viewport={"width": width, "height": 740})
        if path == "/":
            give(page, site.credential())
            page.screenshot(path=PICTURES / f"valid-phone-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_everything_can_be_reached_and_used_by_keyboard(site, open_page):
    page = open_page()
    reached = []
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("(({id, dataset, className}) => id || dataset.say || className)(document.activeElement)")
        )
    assert reached[0] == "skip"
    assert {"file", "scan", "paste.title", "endpoint.title", "language"} <= set(reached)
    page.focus("summary[data-say='paste.title']")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.insert_text(site.credential().decode())
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert verdict(page)[0] == "valid"
    assert page.evaluate("document.activeElement.id") == "verdict"


def test_words_can_be_had_in_german_and_the_choice_is_kept(site, open_page):
    page = open_page()
    give(page, site.credential())
    page.select_option("#language", "de")
    page.wait_for_selector("h1:has-text('Gültig')")
    assert page.get_attribute("html", "lang") == "de"
    page.reload()
    page.wait_for_selector("html[lang=de] body[data-ready]")
    assert "Ist dieser Nachweis echt?" in page.inner_text("h1")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Nоrthwind Institute", "different scripts"),
        ("Northwind\u200b Institute", "invisible"),
        ("Охо", "another script"),
    ],
)
def test_names_that_pretend_are_flagged_beside_what_was_proven(site, open_page, name, words):
    document = json.loads(site.credential())
    document["issuer"]["name"] = name
    page = open_page()
    give(page, json.dumps(document).encode())
    shown = page.inner_text(".certificate")
    assert words in shown
    assert "Northwind Institute" in shown
    assert document["issuer"]["id"] in shown


def test_camera_is_asked_for_only_when_wanted_and_can_be_stopped(open_page):
    page = open_page(permissions=["camera"])
    assert page.is_hidden("#camera")
    page.click("#scan")
    page.wait_for_selector("#camera:not([hidden])")
    page.click("#stop")
    page.wait_for_selector("#camera", state="hidden")
    assert page.complaints == []


def test_page_about_a_batch_tells_what_happened_and_unknown_ids_are_not_found(site, open_page):
    batch = json.loads(site.credential())["credentialStatus"]["id"].removeprefix("urn:hallmark:").rpartition(":")[0]
    page = open_page(f"/batch?id={batch}")
    assert "superseded" in page.inner_text("#shown")
    assert "Revoked now: 1. Suspended now: 1." in page.inner_text("#shown")
    for path in (f"/batch?id={batch[:-4]}0000", "/issuer?id=<script>", f"/issuer?id={batch.rpartition(':')[0]}9"):
        other = open_page(path)
        assert "nothing under this identifier" in other.inner_text("#said")


def issuer_of(site) -> str:
    place = json.loads(site.credential())["credentialStatus"]["id"].removeprefix("urn:hallmark:")
    return place.rpartition(":")[0].rpartition(":")[0]


def test_page_about_a_frozen_issuer_says_who_can_thaw_it(site, open_page):
    page, flags = open_page(f"/issuer?id={issuer_of(site)}"), {}
    page.route("**/v1/issuers/**", lambda route: route.fulfill(json=json.loads(route.fetch().body()) | flags))
    told = {
        (False, False): None,
        (True, False): "One of its administrators or its recovery account can thaw it",
        (True, True): "frozen by its recovery account: it records nothing at present, and only the recovery account",
    }
    for (frozen, by_recovery), words in told.items():
        flags |= {"frozen": frozen, "frozenByRecovery": by_recovery}
        page.reload()
        page.wait_for_selector("body[data-ready] h2")
        shown = page.inner_text("main")
        assert words in shown if words else "thaw" not in shown


def test_page_about_an_issuer_shows_only_what_is_signed_as_proven(site, open_page):
    page = open_page(f"/issuer?id={issuer_of(site)}")
    assert "signed profile" in page.inner_text("h2")

    def forged(route):
        answer = json.loads(route.fetch().body())
        answer["profiles"][-1]["document"]["name"] = "Oxford University"
        route.fulfill(json=answer)

    page.route("**/v1/issuers/**", forged)
    page.reload()
    page.wait_for_selector("body[data-ready] h2")
    assert "only claimed" in page.inner_text("h2")
