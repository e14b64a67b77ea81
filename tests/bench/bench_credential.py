"""make bench-credential: a badge read and canonical against rfc8785, as RDF against PyLD, and checked as a whole."""

import json
import sys
from typing import Any

import orjson
import rfc8785
from credential_proofs import bench_check, bench_statements
from harness import Bench, Subject
from issue_input import ACHIEVEMENT

from registry.credential.canonical import canonical_bytes
from registry.credential.fast_json import SLOW_CALLS
from registry.credential.reader import read_canonical

# An ordinary badge of 2 KB, as `hallmark issue` writes it (indented by two) with an accented name in it.
BADGE: dict[str, Any] = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "id": "urn:uuid:6fa2f0f5-3c0b-4f0c-9d5e-2b8f4f0f6a11",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "name": "Data Literacy for Professionals",
    "issuer": {
        "id": "did:key:z6MkfeCbRwRtjXMFa7hHtXzkhqjJbJr5KVxeiBhzm5fDbYcN",
        "type": ["Profile"],
        "name": "Northwind Institute",
    },
    "validFrom": "2026-03-01T09:30:00Z",
    "awardedDate": "2026-03-01T09:30:00Z",
    "credentialSubject": {
        "type": ["AchievementSubject"],
        "identifier": [
            {"type": "IdentityObject", "hashed": False, "identityHash": "Zoë Öberg", "identityType": "name"}
        ],
        "achievement": ACHIEVEMENT,
    },
    "proof": [
        {
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-jcs-2022",
            "created": "2026-03-01T09:30:00Z",
            "verificationMethod": "did:key:z6MkfeCbRwRtjXMFa7hHtXzkhqjJbJr5KVxeiBhzm5fDbYcN#key-1",
            "proofPurpose": "assertionMethod",
            "proofValue": "z3FXQjecWufY46yg5abdVZsXqLhxhueuSoZgNSARiKBk9czhSePTFehP8c3PGfb6a22gkfUKodsyBDKTyYp1",
        }
    ],
}
INDENTED = (json.dumps(BADGE, indent=2, ensure_ascii=False) + "\n").encode()
COMPACT = json.dumps(BADGE, separators=(",", ":"), ensure_ascii=False).encode()
SORTED = orjson.OPT_SORT_KEYS


def bench_canonical(bench: Bench) -> None:
    """From bytes to value and canonical bytes; the peer reads with orjson (the faster start) or with json."""
    for _ in range(SLOW_CALLS + 1):
        canonical_bytes(read_canonical(COMPACT).document)
    ratios = []
    for spelling, data in (("indented", INDENTED), ("compact", COMPACT)):
        value = json.loads(data)
        timings = bench.rounds(
            f"{len(data):,} bytes, {spelling}",
            {
                "ours, from bytes": Subject(lambda data=data: read_canonical(data), 4_000, "read_canonical"),
                "peer, from bytes": Subject(
                    lambda data=data: rfc8785.dumps(orjson.loads(data)), 400, "orjson.loads + rfc8785"
                ),
                "peer, strict start": Subject(
                    lambda data=data: rfc8785.dumps(json.loads(data)), 400, "json.loads + rfc8785"
                ),
                "limit": Subject(
                    lambda data=data: orjson.dumps(orjson.loads(data), option=SORTED),
                    4_000,
                    "orjson loads + sorted dumps, no check",
                ),
                "ours, from a value": Subject(lambda value=value: canonical_bytes(value), 4_000, "canonical_bytes"),
                "peer, from a value": Subject(lambda value=value: rfc8785.dumps(value), 400, "rfc8785"),
            },
        )
        assert read_canonical(data).canonical == rfc8785.dumps(value)
        ratios.append(timings.ratio("peer, from bytes", "ours, from bytes"))
        bench.metric(f"jcs_{spelling}_vs_rfc8785", ratios[-1])
        bench.metric(f"jcs_{spelling}_vs_json_rfc8785", timings.ratio("peer, strict start", "ours, from bytes"))
        bench.metric(f"jcs_{spelling}_limit_cost", timings.ratio("ours, from bytes", "limit"))
        bench.metric(f"jcs_{spelling}_value_vs_rfc8785", timings.ratio("peer, from a value", "ours, from a value"))
    bench.metric("jcs_vs_rfc8785", min(ratios), aim=9)
    bench.limit("limit", "orjson.loads + orjson.dumps(OPT_SORT_KEYS), which checks nothing")
    bench.notes.append(
        "jcs_vs_rfc8785: the worse of both spellings, against orjson.loads + rfc8785, which checks less."
    )


def main() -> int:
    """Run every part and write build/bench/credential.json."""
    bench = Bench(
        "credential", "A badge of 2 KB: read, checked, canonical", ("rfc8785", "orjson", "msgspec", "PyLD", "PyNaCl")
    )
    bench_canonical(bench)
    bench_statements(bench, BADGE)
    bench_check(bench, BADGE)
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
