"""`make reader-deep`: atheris (libFuzzer) looks for inputs that reach new code in whatever reads what strangers send.

Coverage guides it, which random texts lack. Each target states what must hold: two readers that agree, a verdict that
is valid for what was issued and for nothing else, no exception but our own. What breaks one is kept under build/fuzz.
"""

import argparse
import contextlib
import io
import json
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "fuzz"
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support"), str(ROOT / "tests" / "unit"), str(Path(__file__).parent)]


def reader() -> Callable[[bytes], object]:
    """The fast reader against the strict one and rfc8785."""
    import json_fuzz

    return json_fuzz.compare_reading


def verdict() -> Callable[[bytes], object]:
    """A whole verdict: valid only for what was issued, and step 4 as the checker that shares no code."""
    import independent
    from test_mutation_properties import WORLDS, is_what_was_issued

    from registry.credential.reader import read_document
    from registry.verification.verdict import Verdict

    worlds = [WORLDS[name] for name in sorted(WORLDS)]

    def judge(data: bytes) -> None:
        made, text = worlds[data[0] % len(worlds) if data else 0], data[1:]
        report = made.judge(text)
        included = report.check("included").verdict is Verdict.VALID
        assert included == independent.is_anchored(text, made.evidence.record.commitment)
        if report.verdict is Verdict.VALID:
            assert is_what_was_issued(read_document(text), made.credential)

    return judge


def bundle() -> Callable[[bytes], object]:
    """A bundle is refused with our own error, or written again as it was read."""
    from registry.errors import MalformedError
    from registry.verification.bundle import bundle_to_bytes, read_bundle

    def read(data: bytes) -> None:
        try:
            found = read_bundle(data)
        except MalformedError:
            return
        assert read_bundle(bundle_to_bytes(found)) == found

    return read


def containers() -> Callable[[bytes], object]:
    """Pictures, archives and codes: one credential, or our own error."""
    from registry.containers import pdf, png, qr, svg, zipped  # noqa: F401  (instrumented as they are imported)

    return _carried(lambda data: not data.startswith(b"%PDF-"))


def pages() -> Callable[[bytes], object]:
    """PDF pages, which take a hundred times as long: the same."""
    import pypdf  # noqa: F401  (instrumented, too)

    return _carried(lambda data: data.startswith(b"%PDF-"))


def _carried(wanted: Callable[[bytes], bool]) -> Callable[[bytes], object]:
    from registry.containers.carrier import read_container
    from registry.errors import HallmarkError

    def read(data: bytes) -> None:
        with contextlib.suppress(HallmarkError):
            assert not wanted(data) or isinstance(read_container(data), bytes)

    return read


TARGETS = {"reader": reader, "verdict": verdict, "bundle": bundle, "containers": containers, "pages": pages}


def seeds(target: str) -> Iterator[bytes]:
    """What it starts from: our own vectors, and samples that are made here."""
    import json_fuzz
    from test_mutation_properties import WORLDS

    issued = [json.dumps(WORLDS[name].credential).encode() for name in sorted(WORLDS)]
    if target == "verdict":
        yield from (bytes([place]) + data for place, data in enumerate(issued))
    if target == "reader":
        fuzz = json_fuzz.JsonFuzz(1)
        yield from (fuzz.document() for _ in range(200))
        vectors = (ROOT / "tests/vectors/anchor").glob("*.json")
        yield from (
            json.dumps(one).encode() for path in vectors for one in _objects(json.loads(path.read_text("utf-8")))
        )
        yield from issued
    if target == "bundle":
        yield from _bundles(issued[0])
    if target in ("containers", "pages"):
        yield from _carriers(issued[0])


def _objects(value: object) -> Iterator[object]:
    for one in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        if isinstance(one, dict):
            yield one


def _bundles(credential: bytes) -> Iterator[bytes]:
    from test_snapshot import DOCUMENT, SIGNED
    from world import CONTRACT

    from registry.verification import bundle

    node = (b"\xc0", b"\x80")
    statement = bundle.ProvenStatement(1, 2, b"\x01" * 32, node)
    slots = dict.fromkeys(bundle.SLOTS, node)
    profile = bundle.ProvenProfile({"name": "x"}, node)
    beside = bundle.ProvenAccreditation(b"\x02" * 20, node, node, (statement,))
    plain = bundle.Bundle(CONTRACT, credential, b"\xc0", node, slots, None, (profile,), None, ())
    yield bundle.bundle_to_bytes(plain)
    whole = (CONTRACT, credential, b"\xc0", node, slots, node, (profile,), beside, (DOCUMENT,), (SIGNED,))
    yield bundle.bundle_to_bytes(bundle.Bundle(*whole))


def _carriers(credential: bytes) -> Iterator[bytes]:
    from pypdf import PdfWriter

    from registry.containers import pdf, picture, png, qr, svg

    yield qr.payload(credential) or b"HM1:"
    yield png.bake(picture.plain_png(), credential)
    yield svg.bake(b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>', credential)
    page, archive = io.BytesIO(), io.BytesIO()
    writer = PdfWriter()
    writer.add_blank_page(10, 10)
    writer.write(page)
    yield pdf.attach(page.getvalue(), credential)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("001.json", credential)
        files.writestr("profile.json", b"{}")
    yield archive.getvalue()


def mutator(prefix: int) -> Callable[[bytes, int, int], bytes]:
    """Half of the inputs are changed as JSON, so that they reach behind the reader; `prefix` bytes before it choose."""
    from deep_verify import spoil, spoiled_text

    def change(data: bytes, max_size: int, seed: int) -> bytes:
        draw, head, text = random.Random(seed), data[:prefix], data[prefix:] or b"{}"
        if draw.random() < 0.5:
            with contextlib.suppress(ValueError, IndexError, TypeError, KeyError, AttributeError, RecursionError):
                document = json.loads(text)
                spoil(draw, document)
                return (head + json.dumps(document).encode())[:max_size]
        return (head + spoiled_text(draw, text))[:max_size]

    return change


def child(target: str, options: list[str]) -> None:
    """In a process of its own: instrument our code as it is imported, then fuzz; libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["registry", "pypdf"]):
        check = TARGETS[target]()

    def run(data: bytes) -> None:
        check(data)

    prefix = {"verdict": 1, "bundle": 0}.get(target)
    change = {} if prefix is None else {"custom_mutator": mutator(prefix)}
    atheris.Setup([f"{__file__} {target}", *options], run, **change)
    atheris.Fuzz()


def start(target: str, seconds: int, seed: int) -> subprocess.Popen[str]:
    """Write the seeds and start one target."""
    corpus = FOLDER / target / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for place, data in enumerate(seeds(target)):
        (corpus / f"seed-{place:04}").write_bytes(data)
    options = [f"-max_total_time={seconds}", f"-seed={seed}", "-max_len=16384", "-print_final_stats=1", "-timeout=20"]
    options += [f"-artifact_prefix={FOLDER / target}/", "-rss_limit_mb=1500", str(corpus)]
    command = [sys.executable, __file__, "--child", target, "--", *options]
    with (FOLDER / target / "log").open("w") as log:
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, text=True, cwd=ROOT)


def told(target: str, code: int) -> str:
    """What a finished target did."""
    log = (FOLDER / target / "log").read_text("utf-8", "replace")
    executed = re.findall(r"stat::number_of_executed_units:\s*(\d+)", log)
    covered = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", log)
    cov, features, kept = covered[-1] if covered else ("?", "?", "?")
    count = int(executed[-1]) if executed else 0
    verdict_ = "nothing found" if code == 0 and count else f"FOUND SOMETHING (exit {code}): see {FOLDER / target}"
    return f"{target:<11} {count:>10,} inputs, {cov} edges, {features} features, {kept} kept: {verdict_}"


def main() -> int:
    """Fuzz the targets, two at a time; exit 1 where one found something."""
    if "--child" in sys.argv:
        place = sys.argv.index("--child")
        child(sys.argv[place + 1], sys.argv[place + 3 :])
        return 0
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; none: all")
    parser.add_argument("--seconds", type=int, default=180, help="for each target")
    parser.add_argument("--seed", type=int, default=2026)
    args = parser.parse_args()
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("SKIPPED: atheris has no wheel for this machine (there are some for Linux on x86-64)")
        return 0
    failed = False
    wanted = args.targets or list(TARGETS)
    for pair in (wanted[place : place + 2] for place in range(0, len(wanted), 2)):
        for target, process in [(target, start(target, args.seconds, args.seed)) for target in pair]:
            failed |= process.wait() != 0
            print(told(target, process.returncode), flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
