"""Copy the page's libraries from scripts/page/node_modules to registry/api/static/vendor, as modules for the browser.

Nothing is compiled or bundled: names of packages become paths, and jsonld's one file, which is written for other module
systems, gets an export. The folder is ignored by git; scripts/page/package-lock.json pins what lies in it.
"""

import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ROOT / "scripts/page/node_modules"
VENDOR = ROOT / "registry/api/static/vendor"
_COPIES = {
    "qr/index.js": "qr/index.js",
    "qr/decode.js": "qr/decode.js",
    "pdfjs-dist/build/pdf.min.mjs": "pdf.min.mjs",
    "pdfjs-dist/build/pdf.worker.min.mjs": "pdf.worker.min.mjs",
}
_NOBLE = ("@noble/curves/ed25519.js", "@noble/curves/nist.js", "@noble/curves/secp256k1.js", "@noble/hashes/sha3.js")
_IMPORT = re.compile(r"""(?<=from )['"]([^'"]+)['"]""")
_SOURCE_MAP = re.compile(r"\n?//# sourceMappingURL=\S+\s*$")


def main() -> int:
    """Build the folder anew; 1 with a hint where the packages are not installed."""
    if not PACKAGES.is_dir():
        print("the page's libraries are not installed: run `make page`", file=sys.stderr)
        return 1
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for source, target in _COPIES.items():
        _write(fresh / target, (PACKAGES / source).read_text("utf-8"))
    for entry in _NOBLE:
        _copy_noble(PACKAGES / entry, fresh)
    _write(fresh / "jsonld.js", _as_module((PACKAGES / "jsonld/dist/jsonld.esm.min.js").read_text("utf-8")))
    # Swapped in one go, so that a server that runs meanwhile never sees half a folder.
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)
    return 0


def _copy_noble(source: Path, fresh: Path) -> None:
    """A module of @noble and all that it imports, with paths in place of package names."""
    target = fresh / "noble" / source.relative_to(PACKAGES / "@noble")
    if target.exists():
        return
    needed: list[Path] = []

    def path_of(match: re.Match[str]) -> str:
        name = match[1]
        found = source.parent / name if name.startswith(".") else PACKAGES / name
        needed.append(found.resolve())
        up = "../" * (len(target.relative_to(fresh / "noble").parts) - 1)
        return f"'{name if name.startswith('.') else up + name.removeprefix('@noble/')}'"

    code = source.read_text("utf-8")
    # Examples in comments import too; only statements count.
    lines = [_IMPORT.sub(path_of, line) if re.match(r"(import|export|\})", line) else line for line in code.split("\n")]
    _write(target, "\n".join(lines))
    for path in needed:
        _copy_noble(path, fresh)


def _as_module(code: str) -> str:
    before = "const module = { exports: {} };\nconst exports = module.exports;\n"
    return f"{before}{_SOURCE_MAP.sub('', code)}\nexport default module.exports;\n"


def _write(target: Path, code: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(_SOURCE_MAP.sub("\n", code), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
