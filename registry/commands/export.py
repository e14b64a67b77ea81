"""hallmark export FILE…: the same credential without its anchor, as a JWT, a baked badge or a certificate."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.commands import options
from registry.errors import HallmarkError, InputError

if TYPE_CHECKING:
    from registry.containers.certificate import Code
    from registry.containers.details import Details

_SUFFIX = {"json": ".json", "jwt": ".jwt", "png": ".png", "svg": ".svg", "pdf": ".pdf"}


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("files", metavar="FILE", type=Path, nargs="+", help="credentials, or badges that carry them")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="where the new files go")
    parser.add_argument("--format", choices=sorted(_SUFFIX), default="json", help="what to make (default json)")
    parser.add_argument(
        "--without-anchor",
        action="store_true",
        help="leave the anchor proof out, for verifiers that reject unknown proofs",
    )
    parser.add_argument("--image", metavar="FILE", type=Path, help="the picture to bake into (png, svg)")
    parser.add_argument(
        "--copies-at", metavar="URL", help="where the holder will host encrypted copies that do not fit into a QR code"
    )
    parser.add_argument(
        "--font", metavar="FILE", type=Path, action="append", default=[], help="a font for a rarer script (repeatable)"
    )
    options.add_chain(parser)
    options.add_home(parser)
    options.add_signing(parser)


def run(args: Namespace) -> int:
    """Write one file a credential; every file that cannot be exported is named, the others are written."""
    names = [path.with_suffix(_SUFFIX[args.format]).name for path in args.files]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise InputError(f"Two files would become {twice}.", todo="export them into different folders")
    args.out.mkdir(parents=True, exist_ok=True)
    make, problems = _maker(args), []
    for path, name in zip(args.files, names, strict=True):
        try:
            _write(args.out / name, make(_opened(path, without_anchor=args.without_anchor)))
            print(args.out / name)
        except HallmarkError as error:
            problems.append(f"{path}: {error}")
    if problems:
        raise InputError("Not exported:\n  " + "\n  ".join(problems))
    return 0


def _opened(path: Path, *, without_anchor: bool) -> bytes:
    """The credential's bytes as they are; rewritten only where the anchor proof is taken out."""
    from registry.containers import MAX_BYTES
    from registry.containers.carrier import read_container
    from registry.credential.anchor_proof import SUITE
    from registry.credential.model import read_credential

    with path.open("rb") as file:
        data = read_container(file.read(MAX_BYTES + 1))
    document = read_credential(data).document
    if not without_anchor or not data.lstrip().startswith(b"{"):
        return data
    kept = [proof for proof in _proofs(document) if proof.get("cryptosuite") != SUITE]
    if not kept:
        raise InputError(
            "Without its anchor proof the document has no proof at all.", todo="sign it, or export it whole"
        )
    # One proof alone stands outside an array: the verifiers that need this option expect it there.
    return _pretty({**document, "proof": kept[0] if len(kept) == 1 else kept})


def _proofs(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    proofs = document.get("proof", [])
    return [proof for proof in (proofs if isinstance(proofs, list) else [proofs]) if isinstance(proof, dict)]


def _pretty(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _write(path: Path, data: bytes) -> None:
    from registry.issuing.batch.files import write_durably

    if path.exists() and path.read_bytes() != data:
        raise InputError(f"{path} exists and holds something else.", todo="name another folder with --out")
    write_durably(path, data)


def _maker(args: Namespace) -> Callable[[bytes], bytes]:
    if args.format == "jwt":
        return _jwt_maker(args)
    if args.format == "pdf":
        return _certificate_maker(args)
    if args.format in ("png", "svg"):
        return partial(_baked, args.format, args.image.read_bytes() if args.image else None)
    return lambda data: data


def _certificate_maker(args: Namespace) -> Callable[[bytes], bytes]:
    from registry.containers import fonts

    for path in args.font:
        fonts.add(path)
    return partial(_certificate, args.out, args.copies_at)


def _jwt_maker(args: Namespace) -> Callable[[bytes], bytes]:
    """Sign again, as a compact JWS, with the key of the issuer's home folder; only for the issuer's own documents."""
    from registry import bootstrap
    from registry.credential.anchor_proof import SUITE
    from registry.credential.conformance.rules import issuer_of
    from registry.credential.reader import read_document
    from registry.credential.vc_jwt import sign

    identity = bootstrap.identity(options.settings_of(args))

    def make(data: bytes) -> bytes:
        document = read_document(data)
        if issuer_of(document) != identity.did:
            raise InputError(f"Its issuer is {issuer_of(document)}, not you ({identity.did}).")
        anchor = next((proof for proof in _proofs(document) if proof.get("cryptosuite") == SUITE), None)
        return sign(document, identity.signer, anchor).encode() + b"\n"

    return make


def _details(data: bytes) -> tuple["Details", dict[str, Any]]:
    from registry.containers.details import details_of
    from registry.credential.model import read_credential

    credential = read_credential(data)
    return details_of(credential.document, credential.place), dict(credential.document)


def _baked(kind: str, image: bytes | None, data: bytes) -> bytes:
    from registry.containers import picture, png, svg

    details, document = _details(data)
    if kind == "png":
        return png.bake(image or picture.own_picture(document, "image/png") or picture.plain_png(), data)
    return svg.bake(image or picture.own_picture(document, "image/svg+xml") or picture.plain_svg(details), data)


def _certificate(out: Path, copies_at: str | None, data: bytes) -> bytes:
    from registry.containers.certificate import certificate

    details, document = _details(data)
    return certificate(details, data, _code(data, document, out, copies_at))


def _code(data: bytes, document: dict[str, Any], out: Path, copies_at: str | None) -> "Code":
    """The credential in its shortest spelling; where that does not fit, a link to an encrypted copy beside the PDF."""
    import secrets

    from registry.containers import qr, sealed
    from registry.containers.certificate import IN_CODE, IN_COPY, Code
    from registry.credential.canonical import canonical_bytes

    short = canonical_bytes(document) if data.lstrip().startswith(b"{") else data.strip()
    payload = qr.payload(short)
    if payload is not None:
        return Code(payload, IN_CODE)
    if copies_at is None:
        raise InputError(
            "It does not fit into a QR code.",
            todo="give --copies-at URL: an encrypted copy is written beside the PDF, for the holder to put there",
        )
    key = secrets.token_bytes(sealed.KEY_BYTES)
    copy = sealed.seal(short, key, secrets.token_bytes(12))
    _write(out / sealed.file_name(copy), copy)
    return Code(sealed.link(copies_at, copy, key).encode(), IN_COPY)
