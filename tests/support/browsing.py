"""What tests do with an opened page: hand it files, read its verdict, look at what it asked for."""

import json
import shlex
from pathlib import Path
from urllib.parse import urlsplit

PICTURES = Path(__file__).parents[2] / "build/browser"
AXE = Path(__file__).parents[1] / "browser/node_modules/axe-core/axe.min.js"


STATES = ["readable", "conforming", "signature", "included", "anchored", "issuer", "accredited", "status", "validity"]


def by_command(site, path: Path, source: str = "") -> tuple[str, list[str]]:
    """Verdict and checks of the command line."""
    answer = json.loads(site.desk.run(f"verify {shlex.quote(str(path))} {source} --json").out)[0]
    return answer["verdict"], [check["verdict"] for check in answer["checks"]]


def give(page, data: bytes, name: str = "credential.json"):
    """Hand a file to the page and wait for the verdict: its word, and each check's state."""
    page.set_input_files("#file", {"name": name, "mimeType": "application/octet-stream", "buffer": data})
    return verdict(page)


def verdict(page):
    page.wait_for_selector(".judged #verdict", timeout=30_000)
    states = page.eval_on_selector_all("li.check", "all => all.map(one => one.className.split(' ')[1])")
    return page.get_attribute("section.banner", "class").split()[1], states


def foreign(page, site) -> list[str]:
    """Requests to anybody but the registry."""
    return [
        url
        for url in page.seen
        if urlsplit(url).netloc != urlsplit(site.url).netloc and not url.startswith(("data:", "blob:"))
    ]


def axe(page) -> list[str]:
    """What axe-core finds against WCAG 2.2 A and AA: rule, and where."""
    page.evaluate(AXE.read_text("utf-8") + "; undefined")
    tags = json.dumps(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    result = page.evaluate(f"axe.run(document, {{runOnly: {tags}}})")
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']][:3]} {one['nodes'][0]['failureSummary'][:200]}"
        for one in result["violations"]
    ]
