"""hallmark publish: deposit the documents of a folder's batches at a registry, which checks them against the chain."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from registry.commands import options


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("out", metavar="DIR", type=Path, help="a folder that `issue` wrote")
    parser.add_argument("--registry", metavar="URL", help="the registry to deposit at")


def run(args: Namespace) -> int:
    """Deposit the documents of every batch of a folder."""
    from registry.config import require

    settings = options.settings_of(args)
    url = require(settings.registry, "registry")
    print(f"deposited {', '.join(publish(args.out, url))} at {url}")
    return 0


def publish(out: Path, url: str) -> list[str]:
    """Deposit profile and manifest of every batch in `out`; what was deposited, by name."""
    import json

    from registry.api.client import RegistryClient
    from registry.credential.canonical import canonical_hash
    from registry.errors import InputError

    client, names = RegistryClient(url), []
    folders = sorted(out.glob("batch-*"))
    if not folders:
        raise InputError(f"{out} holds no batch.", todo="name a folder that `hallmark issue` wrote")
    for folder in folders:
        profile = (folder / "profile.json").read_bytes()
        client.put("profile", canonical_hash(json.loads(profile)).hex(), profile)
        batch = json.loads((folder / "report.json").read_text("utf-8"))["batch"]
        client.put("manifest", batch, (folder / "manifest.bin").read_bytes())
        names += ["profile", f"manifest of {folder.name.removeprefix('batch-')}"]
    return names
