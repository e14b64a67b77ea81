"""Metrics say what is: of the indexer while it follows, of the registry as its mirror stands."""

import os
import re
import subprocess
import sys
import time

import urllib3


def numbers(text):
    return {m[1]: float(m[2]) for m in re.finditer(r"^(hallmark\S+) (\S+)$", text, re.MULTILINE)}


def test_registry_metrics_are_the_checkpoint(desk, client):
    found = numbers(client.get("/metrics").text)
    assert found["hallmark_registry_block"] == desk.head()
    assert found["hallmark_registry_proven"] == desk.head()
    assert found["hallmark_registry_halted"] == 0
    assert found["hallmark_registry_final"] <= found["hallmark_registry_safe"] <= desk.head()


def test_following_indexer_serves_its_meters(desk):
    command = [sys.executable, "-m", "registry.cli", "index", "--follow", "--log-json", "--metrics-port", "0"]
    with subprocess.Popen(
        command, cwd=desk.folder, stderr=subprocess.PIPE, text=True, env=os.environ.copy()
    ) as process:
        try:
            line = process.stderr.readline()
            url = re.search(r"http://\S+", line)[0]
            step = process.stderr.readline()
            assert '"block"' in step
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                found = numbers(urllib3.request("GET", url).data.decode())
                if found.get("hallmark_mirror_block") == desk.head():
                    break
                time.sleep(0.1)
            assert found["hallmark_mirror_block"] == desk.head()
            assert found['hallmark_lag_blocks{tier="latest"}'] == 0
            assert found["hallmark_events_total"] == 3
            assert found["hallmark_halted"] == 0
        finally:
            process.terminate()
