"""What a registry is asked about in the tests of the API: a batch of badges, its profile and manifest deposited."""

import json


def deposit(desk, client) -> None:
    from registry.credential.canonical import canonical_hash

    (folder,) = (desk.folder / "credentials").glob("batch-*")
    profile = (folder / "profile.json").read_bytes()
    name = canonical_hash(json.loads(profile)).hex()
    assert client.put(f"/v1/documents/profile/{name}", content=profile).status_code == 201
    record = json.loads((folder / "report.json").read_bytes())["batch"]
    manifest = (folder / "manifest.bin").read_bytes()
    assert client.put(f"/v1/documents/manifest/{record}", content=manifest).status_code == 201


def badge(desk, number: int = 1) -> bytes:
    return (desk.folder / f"credentials/{number:03}.json").read_bytes()


def record(desk) -> str:
    (folder,) = (desk.folder / "credentials").glob("batch-*")
    return json.loads((folder / "report.json").read_bytes())["batch"]


def leaves(desk) -> list[str]:
    (folder,) = (desk.folder / "credentials").glob("batch-*")
    manifest = (folder / "manifest.bin").read_bytes()
    return [manifest[i : i + 32].hex() for i in range(0, len(manifest), 32)]


def verdict_of(report: dict) -> tuple:
    return report["verdict"], [(check["name"], check["verdict"], check["code"]) for check in report["checks"]]


def changed(data: bytes, **members) -> bytes:
    return json.dumps({**json.loads(data), **members}).encode()
