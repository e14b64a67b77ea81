"""Nothing is told in another language than the reader's, except what others say, which is marked as theirs."""

import json
import re

import pytest
from browsing import PICTURES, axe, give, verdict

ENGLISH = re.compile(r"\b(the|is|must|cannot|not|of|that|who|whom|write|safe|final|superseded|its)\b", re.IGNORECASE)
QUOTED = "q[lang=en]"
ELSEWHERE = "https://keys.example"


def own_words(page, selector: str) -> str:
    """What the page itself says there: without quotations, and without texts that are for machines."""
    return page.eval_on_selector_all(
        selector,
        """all => all.map(one => {
             const copy = one.cloneNode(true);
             copy.querySelectorAll('q, code').forEach(part => part.remove());
             return copy.textContent;
           }).join(' | ')""",
    )


def quotations(page, selector: str) -> list[str]:
    return page.locator(f"{selector} {QUOTED}").all_inner_texts()


def looked_at(page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def problem(status: int, detail: str | None = "The mirror is not where it should be."):
    body = {"type": "about:blank", "title": "NOT_READY", "status": status, "detail": detail}
    return lambda route: route.fulfill(status=status, body=json.dumps(body), content_type="application/problem+json")


KINDS = {
    400: "nicht lesen",
    404: "nichts, was darauf",
    422: "fehlerhaft",
    429: "zu oft",
    503: "nicht antworten",
    451: "451",
}


@pytest.mark.parametrize(("status", "kind"), KINDS.items())
def test_problem_of_the_registry_is_told_by_its_kind_and_its_own_words_are_a_quotation(site, open_page, status, kind):
    page = open_page(locale="de-DE")
    page.route("**/v1/batches/**", problem(status))
    assert give(page, site.credential())[0] == "unknown"
    for place in (".banner .reason", ".check .found"):
        assert quotations(page, place)[0] == "The mirror is not where it should be."
        assert kind in own_words(page, place)
        assert ENGLISH.findall(own_words(page, place)) == []
    assert axe(page) == []


def test_problem_without_a_word_quotes_nothing(site, open_page):
    page = open_page(locale="de-DE")
    page.route("**/v1/batches/**", problem(503, None))
    assert give(page, site.credential())[0] == "unknown"
    assert quotations(page, "#report") == []
    assert "Sie kann zurzeit nicht antworten." in page.inner_text(".banner .reason")


@pytest.mark.parametrize(("scheme", "locale"), [("light", "de-DE"), ("dark", "en-GB")])
def test_registrys_own_refusal_about_the_past_is_quoted(site, open_page, scheme, locale):
    page = open_page(
        color_scheme=scheme, locale=locale, viewport={"width": 390, "height": 740}, reduced_motion="reduce"
    )
    give(page, site.credential())
    page.click("summary[data-say='moment.title']")
    page.check("input[value=asOf]")
    page.fill("#exact", "999999")
    page.click("#moment button")
    page.wait_for_selector(f".banner.unknown {QUOTED}")
    assert "This registry has read the chain up to" in quotations(page, ".banner .reason")[0]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert axe(page) == []
    looked_at(page, f"refused-{scheme}-{locale}-390")


@pytest.fixture
def halted(site):
    """The registry's mirror, halted until the test is over."""
    why = "Block 7 was called final, and the chain has another one in its place now."
    site.desk.sql("UPDATE checkpoint SET halted = :why", why=why)
    yield why
    site.desk.sql("UPDATE checkpoint SET halted = ''")


HALTED = {"de-DE": "schreibt die Blockchain nicht weiter mit", "en-GB": "stands still"}


@pytest.mark.parametrize(("scheme", "locale"), [("light", "de-DE"), ("dark", "en-GB")])
def test_halted_mirror_is_told_in_the_readers_language(site, open_page, halted, scheme, locale):
    options = {"color_scheme": scheme, "locale": locale, "reduced_motion": "reduce"}
    page = open_page(**options, viewport={"width": 390, "height": 740})
    assert give(page, site.credential())[0] == "valid"
    assert HALTED[locale] in own_words(page, ".warning")
    assert halted in quotations(page, ".warning")[0]
    assert "mirror is halted" not in page.inner_text("main")
    assert axe(page) == []
    looked_at(page, f"halted-{scheme}-{locale}-390")
    audit = open_page("/audit", **options)
    assert quotations(audit, ".warning") == [halted]
    assert axe(audit) == []
    looked_at(audit, f"halted-audit-{scheme}-{locale}")
    if locale == "de-DE":
        assert [ENGLISH.findall(own_words(one, ".warning")) for one in (page, audit)] == [[], []]


@pytest.fixture
def uncompared(site):
    """The registry's mirror in the middle of a catch-up, until the test is over."""
    site.desk.sql("UPDATE checkpoint SET proven = proven - 1")
    yield "and compared up to block"
    site.desk.sql("UPDATE checkpoint SET proven = proven + 1")


CATCHING_UP = {
    "de-DE": ("noch nicht mit dem Vertrag verglichen", "zurzeit"),
    "en-GB": ("has not compared", "at present"),
}


@pytest.mark.parametrize(("scheme", "locale"), [("light", "de-DE"), ("dark", "en-GB")])
def test_registry_that_is_catching_up_is_told_in_the_readers_language(site, open_page, uncompared, scheme, locale):
    options = {"color_scheme": scheme, "locale": locale, "reduced_motion": "reduce"}
    page = open_page(**options, viewport={"width": 390, "height": 740})
    assert give(page, site.credential())[0] == "unknown"
    assert CATCHING_UP[locale][0] in own_words(page, ".banner .reason")
    assert uncompared in quotations(page, ".banner .reason")[0]
    assert axe(page) == []
    looked_at(page, f"catching-up-{scheme}-{locale}-390")
    batch = json.loads(next((site.desk.folder / "credentials").glob("batch-*/report.json")).read_text())["batch"]
    for path in (f"/batch?id={batch}", f"/issuer?id={batch.rpartition(':')[0]}"):
        shown = open_page(path, **options)
        assert CATCHING_UP[locale][0] in own_words(shown, ".warning")
        assert uncompared in quotations(shown, ".warning")[0]
        assert axe(shown) == []
        if path.startswith("/batch"):
            assert CATCHING_UP[locale][1] in shown.inner_text(".timeline")
        if locale == "de-DE":
            assert ENGLISH.findall(own_words(shown, ".warning")) == []


COMPARED = {"proof": ("Zustandsbeweise", "by state proofs"), "views": ("daher ist das schwächer", "so this is weaker")}


def test_reader_is_told_how_the_registry_compared_what_it_tells(site, open_page):
    try:
        for how, words in COMPARED.items():
            site.desk.sql("UPDATE checkpoint SET evidence = :how", how=how)
            for locale, said in zip(("de-DE", "en-GB"), words, strict=True):
                page = open_page(locale=locale)
                assert give(page, site.credential())[0] == "valid"
                assert said in page.inner_text("section[aria-labelledby=grounds]")
    finally:
        site.desk.sql("UPDATE checkpoint SET evidence = 'proof'")


def test_other_word_of_the_registry_about_itself_is_quoted_whole(site, open_page):
    page = open_page(locale="de-DE")

    def warn(route):
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "warning": "We move house tonight."})

    page.route("**/v1/batches/**", warn)
    assert give(page, site.credential())[0] == "valid"
    assert quotations(page, ".warning") == ["We move house tonight."]
    assert "sagt über sich selbst" in own_words(page, ".warning")


def test_what_the_library_of_json_ld_says_is_its_own_word(site, open_page):
    document = json.loads(site.credential())
    document["credentialSubject"]["id"] = 5
    page = open_page(locale="de-DE", color_scheme="dark")
    assert give(page, json.dumps(document).encode())[0] == "invalid"
    (words,) = set(quotations(page, ".check .found"))
    assert "@id" in words
    assert ENGLISH.findall(own_words(page, ".check .found")) == []
    assert "Das Dokument ist kein JSON-LD. Die Bibliothek sagt:" in own_words(page, ".check .found")
    looked_at(page, "no-json-ld-dark-de-DE")


def signed_on_the_web(site) -> bytes:
    """A badge whose signature names a key in a document of another host."""
    document = json.loads(site.credential())
    document["proof"][0]["verificationMethod"] = f"{ELSEWHERE}/controller#key-1"
    return json.dumps(document).encode()


def test_reason_of_a_silent_host_is_said_again_in_the_language_that_is_chosen(site, open_page):
    page = open_page()
    page.route(f"{ELSEWHERE}/**", lambda route: route.abort())
    give(page, signed_on_the_web(site))
    page.click("button.ask")
    page.wait_for_selector("text=keys.example did not answer, or lets no page read it")
    page.select_option("#language", "de")
    page.wait_for_selector("text=keys.example hat nicht geantwortet oder lässt keine Seite mitlesen")
    assert ENGLISH.findall(own_words(page, ".check .found")) == []
    assert page.locator("text=did not answer").count() == 0
    page.select_option("#language", "en")
    page.wait_for_selector("text=keys.example did not answer, or lets no page read it")
    assert page.locator("text=hat nicht geantwortet").count() == 0


def test_what_the_forms_complained_of_is_said_again_in_the_language_that_is_chosen(site, open_page):
    page = open_page("/?root=7")
    for name in ("moment", "roots", "endpoint"):
        page.click(f"summary[data-say='{name}.title']")
    page.check("input[value=asOf]")
    page.click("#moment button")
    page.fill("#roots", "nobody")
    page.click("#roots-form button[type=submit]")
    page.fill("#endpoint", "ftp://x")
    page.click("#endpoint-form button")
    page.wait_for_selector("#roots-said:not(:empty)")
    before = {one: page.inner_text(one) for one in ("#moment-said", "#roots-said", "#endpoint-said", "#proposal p")}
    assert all(words.strip() for words in before.values()), before
    page.select_option("#language", "de")
    page.wait_for_selector("html[lang=de]")
    page.wait_for_function(
        "words => document.querySelector('#roots-said').innerText !== words", arg=before["#roots-said"]
    )
    for place in before:
        assert page.inner_text(place).strip() not in ("", before[place]), place
        assert ENGLISH.findall(page.inner_text(place)) == [], place


def test_page_that_waits_says_so_in_the_language_that_is_chosen(site, open_page):
    page = open_page()
    page.route("**/page/tables.json", lambda route: route.abort())
    page.set_input_files("#file", {"name": "a.json", "mimeType": "application/json", "buffer": site.credential()})
    page.wait_for_selector("#said:has-text('The registry did not answer')")
    page.select_option("#language", "de")
    page.wait_for_selector("#said:has-text('Die Registratur hat nicht geantwortet')")
    page.unroute("**/page/tables.json")
    give(page, site.credential())
    assert verdict(page)[0] == "valid"
    assert page.inner_text("#said") == ""
