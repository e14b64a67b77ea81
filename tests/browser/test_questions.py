"""What the reader may ask beyond today, about the past and by own accreditors, as `hallmark verify` answers it."""

import json
from urllib.parse import quote, urlencode

import pytest
from browsing import PICTURES, STATES, axe, by_command, foreign, give, verdict


def block_time(site, number: int) -> int:
    return int(site.desk.chain.rpc("eth_getBlockByNumber", hex(number), False)["timestamp"], 16)


def stamp(seconds: int) -> str:
    import datetime

    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ask(page, kind: str, exact: str):
    """Put a question into the form; the chain's clock runs ahead of the page's, which refuses what lies ahead."""
    page.evaluate("Date.now = () => 4e12")
    if page.is_hidden("#moment"):
        page.click("summary[data-say='moment.title']")
    page.check(f"input[name=question][value={kind}]")
    if kind != "now":
        page.fill("#exact", exact)
    page.click("#moment button")


def points(site) -> dict[str, str]:
    """Blocks and moments before the batch, between its anchoring and the revocations, and after them."""
    head = site.desk.head()
    return {"none": str(head - 76), "good": str(head - 30), "now": str(head)}


@pytest.fixture(params=["registry", "endpoint"])
def source(request, site):
    """Where the page asks, and the same for the command."""
    return request.param, {"registry": f"--registry {site.url}", "endpoint": f"--rpc {site.desk.chain.url}"}[
        request.param
    ]


def use(page, site, source: str):
    if source == "endpoint":
        page.click("summary[data-say='endpoint.title']")
        page.fill("#endpoint", site.desk.chain.url)


def test_page_answers_both_questions_about_the_past_as_the_command_line(site, open_page, source):
    page, refused = open_page(), []
    page.on("response", lambda answer: refused.append(answer.url) if answer.status == 404 else None)
    use(page, site, source[0])
    seen = set()
    for number in ("001", "002"):
        for name, block in points(site).items():
            moment = stamp(block_time(site, int(block)))
            for kind, value in (("asOf", block), ("asOf", moment), ("about", moment)):
                ask(page, kind, value)
                found = give(page, site.credential(number), f"{number}.json")
                option = "--as-of" if kind == "asOf" else "--about"
                file = site.folder / f"credentials/{number}.json"
                assert found == by_command(site, file, f"{source[1]} {option} {value}"), (number, name, kind, value)
                seen.add((number, name, kind, found[0]))
                page.click("#again")
    assert ("002", "good", "asOf", "valid") in seen
    assert ("002", "good", "about", "valid") in seen
    assert ("002", "now", "asOf", "invalid") in seen
    assert ("001", "none", "asOf", "invalid") in seen
    # Two credentials were asked about the newest second, which is not over: a registry has no evidence of it.
    newest = quote(stamp(block_time(site, int(points(site)["now"]))), safe="")
    assert len(refused) == (2 if source[0] == "registry" else 0)
    assert all("/evidence?" in url and url.endswith(f"asOf={newest}") for url in refused)
    told = [told for told in page.complaints if "404 (Not Found)" in told]
    assert (len(told), page.complaints) == (len(refused), told)


def test_answer_about_the_past_is_never_shown_as_one_about_today(site, open_page):
    page = open_page()
    give(page, site.credential("002"))
    assert page.inner_text("#verdict") == "Not valid"
    ask(page, "asOf", points(site)["good"])
    page.wait_for_selector("#verdict:has-text('Was valid then')")
    assert "What the registry said at block" in page.inner_text("section.banner")
    assert "holds today" not in page.inner_text("section.banner").replace("Whether it holds today", "")
    assert "the day in question" in page.inner_text("section[aria-labelledby=grounds]")
    page.click("#again")
    assert page.is_checked("input[value=now]")
    assert give(page, site.credential("002"))[0] == "invalid"
    assert page.inner_text("#verdict") == "Not valid"


UNANSWERABLE = [
    ("asOf", "", "Choose a day first"),
    ("asOf", "yesterday", "not a dateTimeStamp"),
    ("about", "12", "not a dateTimeStamp"),
    ("about", "2999-01-01", "lies ahead"),
    ("asOf", "2999-01-01T00:00:00Z", "lies ahead"),
    ("about", "1969-12-31", "before 1970"),
]


def test_question_that_nobody_can_answer_is_not_asked(site, open_page):
    page = open_page()
    give(page, site.credential())
    page.click("summary[data-say='moment.title']")
    for kind, value, words in UNANSWERABLE:
        asked = len(page.seen)
        page.check(f"input[name=question][value={kind}]")
        page.fill("#exact", value)
        page.click("#moment button")
        assert words in page.inner_text("#moment-said"), value
        assert page.inner_text("#verdict") == "Valid"
        assert len(page.seen) == asked


def test_day_is_chosen_in_a_field_for_days(site, open_page):
    page = open_page()
    give(page, site.credential())
    page.click("summary[data-say='moment.title']")
    page.check("input[value=asOf]")
    page.fill("#day", "2020-02-29")
    page.click("#moment button")
    page.wait_for_selector("#verdict:has-text('Was not valid then')")
    assert any("asOf=2020-02-29T23%3A59%3A59Z" in url for url in page.seen)


def name(page, text: str, scopes: str = ""):
    if page.is_hidden("#roots-form"):
        page.click("summary[data-say='roots.title']")
    page.fill("#roots", text)
    page.fill("#scopes", scopes)
    page.click("#roots-form button[type=submit]")


def scope_hash(site) -> str:
    from registry.credential.canonical import canonical_hash

    return canonical_hash(json.loads((site.folder / "scope.json").read_bytes())).hex()


def test_issuer_is_accredited_only_by_accreditors_that_the_reader_named(site, open_page, source):
    page = open_page()
    use(page, site, source[0])
    good, other = scope_hash(site), "ab" * 32
    tried = [("2", ""), ("3", ""), ("1", ""), ("2\n3", good), ("2", other), ("", "")]
    found = []
    for roots, scopes in tried:
        name(page, roots, scopes)
        line = "".join(f" --root {root}" for root in roots.split()) + "".join(
            f" --scope {one}" for one in scopes.split()
        )
        given = give(page, site.credential())
        assert given == by_command(site, site.folder / "credentials/001.json", source[1] + line), (roots, scopes)
        found.append(dict(zip(STATES, given[1], strict=True))["accredited"])
        page.click("#again")
    assert found == ["valid", "invalid", "valid", "valid", "invalid", "not_checked"]
    assert page.complaints == []


def test_accreditors_are_kept_in_the_browser_and_sent_with_nothing_but_the_question(site, open_page):
    page = open_page()
    give(page, site.credential())
    page.seen.clear()
    name(page, "2")
    page.wait_for_selector("li.check:nth-child(7).valid")
    assert [url for url in page.seen if "root=2" in url] == [url for url in page.seen if "/evidence?" in url]
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.seen.clear()
    assert dict(zip(STATES, give(page, site.credential())[1], strict=True))["accredited"] == "valid"
    assert page.context.cookies() == []
    assert foreign(page, site) == []
    name(page, "")
    page.wait_for_selector("li.check:nth-child(7).not_checked")
    assert page.evaluate("localStorage.getItem('accreditors')") is None


def test_text_that_names_no_accreditor_is_refused_and_changes_nothing(site, open_page):
    page = open_page()
    for text in ("two", "eip155:1:2", "-1", "2 " * 17, "eip155:31337:0x12:2"):
        name(page, text)
        page.wait_for_selector("#roots-said:not(:empty)")
        assert page.evaluate("localStorage.getItem('accreditors')") is None
    assert dict(zip(STATES, give(page, site.credential())[1], strict=True))["accredited"] == "not_checked"


def test_accreditors_in_a_link_count_only_once_the_reader_says_so(site, open_page):
    page = open_page("/?root=1&root=2")
    assert "names accreditors" in page.inner_text("#proposal")
    assert axe(page) == []
    assert dict(zip(STATES, give(page, site.credential())[1], strict=True))["accredited"] == "not_checked"
    page.click("text=Yes, I trust them")
    page.wait_for_selector("li.check:nth-child(7).valid")
    assert page.inner_text("#proposal") == ""
    for words in ("<img src=x onerror=window.hit=1>", "javascript:window.hit=1", "\u202eeip155"):
        other = open_page(f"/?{urlencode({'root': words, 'scope': words})}")
        other.click("text=Yes, I trust them")
        other.wait_for_selector("#roots-said:has-text('is no accreditor')", state="attached")
        assert other.evaluate("[window.hit ?? null, document.querySelector('#proposal img, #roots-form img')]") == [
            None,
            None,
        ]
        assert other.evaluate("localStorage.getItem('accreditors')") is None
    refused = open_page("/?root=2")
    refused.click("#proposal button:has-text('No')")
    assert refused.evaluate("localStorage.getItem('accreditors')") is None
    assert "root" not in refused.url


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-GB"), ("dark", "de-DE")])
def test_questions_are_accessible_and_fit_a_phone(site, open_page, scheme, locale):
    PICTURES.mkdir(parents=True, exist_ok=True)
    page = open_page(
        color_scheme=scheme, locale=locale, reduced_motion="reduce", viewport={"width": 390, "height": 844}
    )
    page.click("summary[data-say='moment.title']")
    page.check("input[value=about]")
    name(page, "2\n3")
    page.wait_for_selector("#roots-chosen li")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(path=PICTURES / f"questions-{scheme}-{locale}.png", full_page=True)
    ask(page, "asOf", points(site)["good"])
    give(page, site.credential("002"))
    assert axe(page) == []
    page.screenshot(path=PICTURES / f"past-{scheme}-{locale}.png", full_page=True)
    assert verdict(page)[0] == "valid"


def test_block_hash_of_ones_own_choice_is_what_an_endpoint_is_held_to(site, open_page):
    page = open_page()
    page.evaluate("Date.now = ((now) => () => now() + 120000)(Date.now)")  # the chain's clock runs ahead
    use(page, site, "endpoint")
    block = site.desk.chain.rpc("eth_getBlockByNumber", "latest", False)
    page.fill("#block-hash", "0x12")
    page.click("#endpoint-form button")
    assert "64 hex digits" in page.inner_text("#endpoint-said")
    page.fill("#block-hash", block["hash"])
    page.click("#endpoint-form button")
    assert give(page, site.credential())[0] == "valid"
    assert "the block whose hash you gave" in page.inner_text("section[aria-labelledby=grounds]")
    assert block["hash"] in page.inner_text("section[aria-labelledby=grounds]")
    assert axe(page) == []
    page.fill("#block-hash", "0x" + "12" * 32)
    page.click("#endpoint-form button")
    page.wait_for_selector("section.banner.unknown")
    page.evaluate("Date.now = ((now) => () => now() + 2 * 86400000)(Date.now)")
    page.fill("#block-hash", block["hash"])
    page.click("#endpoint-form button")
    page.wait_for_selector("#report:has-text('EVIDENCE_STALE')")
    assert verdict(page)[0] == "unknown"
