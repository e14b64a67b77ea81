"""`hallmark serve` as a process of its own, and plain requests to it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def serving(desk, *options: str, before: tuple[str, ...] = (), **environment: str):
    """`hallmark serve` as a process of its own; its address and what it wrote."""
    desk.ok("index")
    command = [*before, sys.executable, "-m", "registry.cli", "serve", "--port", "0", *options]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **environment}
    log = (desk.folder / "serve.log").open("w+b")
    process = subprocess.Popen(command, cwd=desk.folder, stdout=subprocess.PIPE, stderr=log, env=env, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("serving on http://"), (desk.folder / "serve.log").read_text()
        yield line.split()[2].removesuffix("/"), process
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.kill()
        log.close()


def connect(address: str) -> socket.socket:
    host, port = address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def ask(address: str, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict, bytes]:
    import urllib3

    answer = urllib3.request(method, address + path, body=body, headers=headers, retries=False, timeout=30)
    return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.data


def deposited(desk, address: str) -> dict[str, str]:
    """Deposit profile and manifest of the only batch; path parameters that name what is there."""
    from registry.credential.canonical import canonical_hash

    (folder,) = (desk.folder / "credentials").glob("batch-*")
    profile, manifest = (folder / "profile.json").read_bytes(), (folder / "manifest.bin").read_bytes()
    batch = json.loads((folder / "report.json").read_bytes())["batch"]
    name = canonical_hash(json.loads(profile)).hex()
    assert ask(address, "PUT", f"/v1/documents/profile/{name}", profile)[0] == 201
    assert ask(address, "PUT", f"/v1/documents/manifest/{batch}", manifest)[0] == 201
    contract, issuer, batch_hex = batch.rsplit(":", 2)
    return {
        "batch_id": batch,
        "leaf": manifest[:32].hex(),
        "issuer_id": f"{contract}:{issuer}",
        "contract": contract,
        "issuer": issuer,
        "batch": batch_hex,
        "purpose": "revocation",
    }
