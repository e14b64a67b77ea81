"""Plant one bug at a time in the verifier and see whether a test notices.

    plant_bugs.py                 every bug
    plant_bugs.py --slice 2/5     every fifth, from the second on
    plant_bugs.py --only holder   bugs whose file contains this
    plant_bugs.py --list          say what would be done

Each is one line of `registry`, changed in a copy, with the tests that should notice it. The sources are never touched.
Exit 0: all are noticed; 1: some are not; 2: a bug does not fit the sources any more, or the tests are red without one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 300


class Bug(NamedTuple):
    """A change in one file below `registry`, and the test files (below `tests`) that should notice."""

    file: str
    before: str
    after: str
    tests: str


_V = "verification/"
JUDGE, PAST, ACCREDITED, HOLDER = (
    "unit/test_judge.py",
    "unit/test_past.py",
    "unit/test_accredited.py",
    "unit/test_holder.py",
)
EVIDENCE, CHECKPOINT, TRIE, BUNDLE, SNAPSHOT = (
    "unit/test_evidence_json.py",
    "unit/test_checkpoint.py",
    "unit/test_trie.py",
    "flows/test_bundle.py",
    "unit/test_snapshot.py",
)

_R = "store/reading/"
CATCHING_UP, EDGES, LEFT_OUT = (
    "flows/test_catching_up.py",
    "flows/test_edges_of_the_past.py",
    "flows/test_left_out.py",
)

BUGS = (
    # how checks combine
    Bug(_V + "verdict.py", "    if _INVALID in [", "    if None in [", JUDGE),
    Bug(_V + "verdict.py", "if settled.issuperset(required) else", "if settled.intersection(required) else", JUDGE),
    Bug(_V + "verdict.py", " if check.verdict in _SETTLED}", "}", JUDGE),
    Bug(_V + "verdict.py", 'required |= {"included", "anchored"}', 'required |= {"included"}', "unit/test_verdict.py"),
    Bug(_V + "verdict.py", "if known_signature or not says_anchored:", "if known_signature:", "unit/test_verdict.py"),
    Bug(_V + "verdict.py", "    if roots_given:", "    if False:", "unit/test_verdict.py"),
    # the place: inclusion, anchor, status
    Bug(_V + "place_steps.py", "claim.account) != evidence.record.commitment", "claim.account) == b''", JUDGE),
    Bug(_V + "place_steps.py", "if pointer != place or list_index", "if list_index", JUDGE),
    Bug(_V + "place_steps.py", "if pointer != place or list_index != str(place.index)", "if pointer != place", JUDGE),
    Bug(_V + "place_steps.py", "    if not listed:", "    if False:", JUDGE),
    Bug(_V + "place_steps.py", "if record.tier is Tier.PENDING:", "if False:", JUDGE),
    Bug(_V + "place_steps.py", "evidence.key is None or not evidence.key.added_at", "evidence.key is None", JUDGE),
    Bug(_V + "place_steps.py", "evidence.key.counts_at(record.time)", "evidence.key.added_at", JUDGE),
    Bug(_V + "place_steps.py", "if again and again.key.counts_at(again.time) else", "if again else", JUDGE),
    Bug(_V + "place_steps.py", "status.word_index != word or status.epoch", "status.epoch", JUDGE),
    Bug(
        _V + "place_steps.py",
        "if status.revoked & mask or status.suspended & mask:",
        "if status.revoked & mask:",
        JUDGE,
    ),
    Bug(
        _V + "place_steps.py",
        "if status.revoked & mask or status.suspended & mask:",
        "if status.suspended & mask:",
        JUDGE,
    ),
    Bug(_V + "place_steps.py", "evidence.latest.time > policy.max_age", "evidence.latest.time > policy.now", JUDGE),
    Bug(_V + "place_steps.py", "and since > policy.about:", "and since > policy.now:", PAST),
    Bug(
        "ledger/record.py",
        "time < self.distrust_from)",
        "time <= self.distrust_from)",
        JUDGE + " unit/test_ledger_values.py",
    ),
    Bug("ledger/status.py", "1 << index % WORD_BITS", "1 << index % (WORD_BITS - 1)", "unit/test_ledger_values.py"),
    # chain, contract, time
    Bug(_V + "verify.py", "if evidence.contract != place.batch.contract:", "if False:", JUDGE),
    Bug(_V + "verify.py", "    if listed and seen not in listed:", "    if False:", JUDGE),
    Bug(_V + "verify.py", "    if _is_later(evidence, policy):", "    if False:", PAST),
    Bug(
        _V + "verify.py",
        "local_steps.check_validity(credential, moment)",
        "local_steps.check_validity(credential, policy.now)",
        PAST,
    ),
    Bug(_V + "local_steps.py", "now > period.until:", "now > period.until + 86_400:", JUDGE),
    Bug(_V + "local_steps.py", "now < period.since:", "False:", JUDGE),
    Bug(_V + "local_steps.py", "    if not problems:\n", "    if len(problems) < 3:\n", JUDGE),
    Bug(_V + "then.py", "then is None or then.moment != about", "then is None", PAST),
    Bug(
        _V + "then.py",
        "if then.revoked & mask and (same_epoch or status.revoked & mask)",
        "if status.revoked & mask",
        PAST,
    ),
    Bug(_V + "then.py", "if about > evidence.latest.time:", "if False:", PAST),
    # who signed, who issued
    Bug(_V + "issuer_step.py", "if one.signer.bound and (itself or named):", "if one.signer.bound:", JUDGE),
    Bug(
        _V + "issuer_step.py",
        "if one.signer.bound and (itself or named):",
        "if itself or named:",
        JUDGE,
    ),
    Bug(_V + "issuer_step.py", "if issuer in profile.dids:", "if profile.dids:", JUDGE),
    Bug(_V + "profiles.py", "!= (fact.hash, batch", "!= (profile.hash, batch", JUDGE),
    Bug("credential/profile.py", "    if missing:\n", "    if False:\n", JUDGE + " unit/test_issuer_identity.py"),
    Bug("credential/signature.py", 'proof.get("proofPurpose") != purpose', "False", "unit/test_signature.py " + HOLDER),
    # accreditation
    Bug(_V + "accreditation.py", "    if not policy.roots:", "    if False:", JUDGE),
    Bug(_V + "accreditation.py", "and said.holds_at(at)", "", ACCREDITED),
    Bug(_V + "accreditation.py", "(not scopes or said.scope in scopes)", "True", ACCREDITED),
    Bug(_V + "accreditation.py", "not set(roots) <= set(fact.roots)", "False", ACCREDITED),
    Bug(_V + "accreditation.py", "    if not fact.complete:", "    if False:", ACCREDITED),
    Bug(_V + "accreditation.py", "for root in sorted(roots)}", "for root in sorted(fact.roots)}", ACCREDITED),
    # the presenter
    Bug(_V + "holder.py", 'proof.get("challenge") != question.challenge', "False", HOLDER),
    Bug(_V + "holder.py", 'question.domain not in as_list(proof.get("domain"))', "False", HOLDER),
    Bug(_V + "holder.py", "if set(named) <= signers and", "if", HOLDER),
    Bug(_V + "holder.py", '_fits(document.get("holder"), signers)', "True", HOLDER),
    Bug(_V + "holder.py", "purpose=PURPOSE)", 'purpose=str(proof.get("proofPurpose")))', HOLDER),
    Bug(
        _V + "holder.py",
        "return hmac.compare_digest(digest,",
        "return bool(digest) or hmac.compare_digest(digest,",
        HOLDER,
    ),
    # evidence from others
    Bug(
        _V + "evidence_json.py",
        '                body["reaffirmation"],',
        '                body.get("reaffirmation"),',
        EVIDENCE,
    ),
    Bug(_V + "hexes.py", " or (size is not None and len(value) != size)", "", EVIDENCE),
    Bug(_V + "hexes.py", "to_hex(value) != text", "False", EVIDENCE),
    Bug(_V + "evidence_json.py", "isinstance(value, bool) or value < 0", "isinstance(value, bool)", EVIDENCE),
    # proofs, bundles, checkpoints
    Bug("ledger/trie.py", "if (node_hash if len(node) >= 32 or place == 0 else node) != expected:", "if False:", TRIE),
    Bug("ledger/trie.py", "    if place != len(nodes) - 1:", "    if False:", TRIE),
    Bug(_V + "proven.py", "if BlockHash(chain_id, block.hash) not in self.hashes:", "if not self.hashes:", BUNDLE),
    Bug(_V + "proven.py", "if bool(time) != (self.bundle.reaffirmer is not None):", "if False:", BUNDLE),
    Bug(_V + "proven.py", "ask.block not in (None, block.number)", "False", BUNDLE),
    Bug(
        "ledger/slots.py",
        'first, ((int.from_bytes(first, "big") + 1)',
        'first, ((int.from_bytes(first, "big") + 0)',
        BUNDLE,
    ),
    Bug(_V + "checkpoint.py", "    if first.through < number:", "    if False:", CHECKPOINT),
    Bug(_V + "signed.py", "VerifyKey(public_key_of(signer)).verify(statement, signature)", "pass", CHECKPOINT),
    Bug(_V + "checkpoint.py", "first.block.hash != second.block.hash", "False", CHECKPOINT),
    # attested DID documents
    Bug(_V + "signed.py", "VerifyKey(public_key_of(signer)).verify(statement, signature)", "pass", SNAPSHOT),
    Bug(_V + "snapshot.py", "(snapshot.did, snapshot.digest) not in held", "False", SNAPSHOT),
    Bug(_V + "snapshot.py", "if len({did for did, _ in held}) != len(held):", "if False:", SNAPSHOT),
    Bug(_V + "snapshot.py", "snapshot.chain_id != chain_id or _contradicts", "_contradicts", SNAPSHOT),
    Bug(_V + "snapshot.py", "return block != proven", "return False", SNAPSHOT),
    Bug(_V + "snapshot.py", "sha256(self.did.encode()).digest(),", "bytes(32),", SNAPSHOT),
    Bug(_V + "attested.py", "one.signer in attesters", "one.signer", SNAPSHOT),
    Bug(_V + "attested.py", "one.snapshot.block.time >= since", "since >= 0", SNAPSHOT),
    Bug(
        _V + "proven.py",
        "check_snapshots(bundle.dids, bundle.snapshots, bundle.contract.chain_id, point)",
        "pass",
        "flows/test_attested_bundle.py",
    ),
    # what a mirror may say, and when
    Bug(_R + "standing.py", "return point.proven >= point.block_number and", "return", CATCHING_UP),
    Bug(_R + "standing.py", 'return {**body, "warning": warning} if warning else body', "return body", CATCHING_UP),
    Bug(_R + "evidence.py", "if missing := catching_up(point):", "if missing := None:", CATCHING_UP),
    Bug(_R + "evidence.py", "ask.time >= point.block_time", "ask.time > point.block_time", EDGES),
    Bug(_R + "quick_evidence.py", "            if point.missing is not None:", "            if False:", CATCHING_UP),
    Bug(_R + "quick_evidence.py", "        if kept.point.warning:", "        if False:", CATCHING_UP),
    Bug(_R + "checkpoints.py", "            check_signature(signed)\n", "", LEFT_OUT),
    Bug("chain/past.py", "if ask.time >= newest.time", "if ask.time > newest.time", EDGES),
    Bug("api/routes/health.py", 'if point["proven"] < block or', "if", CATCHING_UP),
    Bug("api/routes/lookups.py", 'and "warning" not in body', "", CATCHING_UP),
    Bug("api/status_lists.py", "if state.unsure or age", "if age", CATCHING_UP),
    Bug(_V + "evidence_json.py", "if said not in (COMPARED if", "if False and said not in (COMPARED if", EVIDENCE),
    Bug("bootstrap/indexing.py", 'self._trouble = f"Indexing', '_ = f"Indexing', "unit/test_indexing.py"),
)


def planted(bug: Bug, folder: Path) -> None:
    """Change the copy in `folder`; ValueError where the line is not there exactly once."""
    path = folder / "registry" / bug.file
    text = path.read_text("utf-8")
    if text.count(bug.before) != 1:
        raise ValueError(f"{bug.file}: {bug.before!r} stands there {text.count(bug.before)} times")
    path.write_text(text.replace(bug.before, bug.after), "utf-8")


def copied(folder: Path) -> None:
    """A copy of what the tests need; the packages of Python and Node are shared."""
    for name in ("registry", "tests", "scripts", "contracts/artifacts"):
        ignored = shutil.ignore_patterns("__pycache__", "node_modules", "vendor")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "contracts/SPEC.md"):
        shutil.copy(ROOT / name, folder / name)


def red(folder: Path, tests: str) -> bool:
    """Whether one of these tests fails there."""
    files = [f"tests/{name}" for name in tests.split()]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *files]
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if done.returncode not in (0, 1, 2):
        raise ValueError(f"pytest ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return done.returncode != 0


def noticed(bug: Bug) -> bool:
    """Plant it in a copy of its own and run its tests."""
    with tempfile.TemporaryDirectory(prefix="planted-") as name:
        copied(Path(name))
        planted(bug, Path(name))
        return red(Path(name), bug.tests)


def fits() -> list[str]:
    """Why bugs cannot be planted any more; empty where all can."""
    problems = []
    for bug in BUGS:
        count = (ROOT / "registry" / bug.file).read_text("utf-8").count(bug.before)
        problems += [] if count == 1 else [f"{bug.file}: {bug.before!r} stands there {count} times"]
    return problems


def main() -> int:
    """Plant them and say which are noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slice", default="1/1")
    parser.add_argument("--only", default="")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    first, step = map(int, args.slice.split("/"))
    chosen = [bug for bug in BUGS if args.only in bug.file][first - 1 :: step]
    if problems := fits():
        print(*problems, sep="\n")
        return 2
    missed = []
    for bug in chosen:
        caught = True if args.list else noticed(bug)
        print(
            f"{'noticed' if caught else 'MISSED':8} {bug.file}: {bug.before.strip()} → {bug.after.strip()}", flush=True
        )
        missed += [] if caught else [bug]
    print(f"{len(chosen) - len(missed)} of {len(chosen)} planted bugs are noticed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
