"""The page at an endpoint of one's own: storage is proven there, as Python reads it, and nothing spoilt is believed."""

import json
import re
from pathlib import Path

import pytest
from desk import Desk
from in_node import needed, run
from untagged import WithoutTags

from registry.api.page_tables import page_tables
from registry.bootstrap.endpoints import trusted_contracts
from registry.bootstrap.verifiers import endpoint_evidence
from registry.config import load_settings
from registry.verification.evidence import Ask, Evidence, NoEvidence
from registry.verification.evidence_json import evidence_to_json
from registry.verification.verify import present

RUNNER = Path(__file__).parents[1] / "js/endpoint_outcomes.mjs"
SCOPE = {"type": "AccreditationScope", "name": "Short courses up to 10 ECTS"}
# What an endpoint tells beside it, and nobody here looks at: only nodes and headers prove anything.
UNREAD = {
    *(f"eth_getBlockByNumber {name}" for name in ("size", "totalDifficulty", "transactions.")),
    *(f"eth_getProof {name}" for name in ("address", "balance", "codeHash", "nonce", "storageHash")),
    *(f"eth_getProof storageProof..{name}" for name in ("key", "value")),
}
TOLD = "eth_getLogs"  # why a bit was set, which no header and no node proves
pytestmark = needed


@pytest.fixture(scope="module")
def town(own_desk, tmp_path_factory):
    """Issuer 1, accredited by 3, which 2 accredits. 001 is suspended, then revoked; 002 suspended, then reinstated."""
    desk = own_desk(tmp_path_factory.mktemp("town"))
    for name in ("agency", "council"):
        desk.ok(f"issuer register --home {name} --name {name} --recovery {desk.recovery}")
    (desk.folder / "scope.json").write_text(json.dumps(SCOPE))
    desk.ok("issuer accredit 3 --scope scope.json --since 1 --home agency")
    desk.ok("issuer accredit 1 --scope scope.json --since 1 --home council")
    desk.issue(3)
    desk.mine(70)
    for number, first, second in (("001", "suspend", "revoke"), ("002", "suspend", "reinstate")):
        desk.ok(f"status {first} credentials/{number}.json")
        desk.chain.rpc("evm_increaseTime", 1000)
        desk.mine(2)
        desk.ok(f"status {second} credentials/{number}.json")
        desk.chain.rpc("evm_increaseTime", 1000)
        desk.mine(2)
    return desk


def settings_of(desk: Desk):
    return load_settings(rpc=desk.chain.url, deployment=desk.folder / "deployment.json")


def line_of(desk: Desk, number: str = "001", ask: Ask = Ask(), **more: object) -> dict:  # noqa: B008  # a value
    """What the runner is told about a credential of the desk."""
    presented = present((desk.folder / f"credentials/{number}.json").read_bytes())
    place = presented.place
    return {
        "url": desk.chain.url,
        "entry": page_tables(trusted_contracts(settings_of(desk)))["trusted"][0],
        "place": {
            "contract": str(place.batch.contract),
            "issuerId": str(place.batch.issuer_id),
            "batchId": place.batch.batch_id.hex(),
            "index": str(place.index),
        },
        "account": f"0x{presented.account.hex()}",
        "wish": {"block": ask.block, "time": ask.time, "about": ask.about, "roots": [str(root) for root in ask.roots]},
        **more,
    }


def in_page(folder: Path, *lines: dict) -> list[dict]:
    (folder / "asked").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return run(RUNNER, folder / "asked")


def by_python(desk: Desk, number: str, ask: Ask, depth: dict[str, int] | None = None) -> Evidence | NoEvidence:
    """With `depth` as at an endpoint that knows neither `safe` nor `finalized`."""
    presented = present((desk.folder / f"credentials/{number}.json").read_bytes())
    source = endpoint_evidence(settings_of(desk))
    if depth is not None:
        chain = source.chain
        chain.deployment = chain.deployment._replace(safe_after=depth["safe"], final_after=depth["final"])
        chain.rpc = WithoutTags(desk.chain.url)
    return source.gather(presented.place, presented.account, ask)


def facts(told: dict) -> dict:
    """What both say of the chain, in one form: hex without 0x, bit sets as numbers."""
    bits = lambda fact: tuple(int(str(fact[name]), 0) for name in ("revoked", "suspended"))  # noqa: E731
    then, record, fact = told["then"], told["record"], told["accreditation"]
    said = (
        []
        if fact is None
        else [tuple(str(value).removeprefix("0x") for value in s.values()) for s in fact["statements"]]
    )
    return {
        "latest": point(told["latest"]),
        "safe": point(told["safe"]),
        "word": told["issuerWord"].removeprefix("0x"),
        "record": record and (record["commitment"].removeprefix("0x"), record["time"], record["tier"]),
        "key": tuple(told["key"].values()),
        "again": told["reaffirmation"]
        and (told["reaffirmation"]["time"], tuple(told["reaffirmation"]["key"].values())),
        "status": (told["status"]["epoch"], told["status"]["wordIndex"], bits(told["status"])),
        "profiles": [(one["hash"].removeprefix("0x"), one["since"], one["until"]) for one in told["profiles"]],
        "then": then and (then["moment"], then["block"] and point(then["block"]), then["epoch"], bits(then)),
        "accreditation": fact and (sorted(said), fact["complete"]),
    }


def point(block: dict) -> tuple:
    return block["number"], block["hash"].removeprefix("0x"), block["time"]


def times(desk: Desk) -> list[int]:
    """The time of every block."""
    blocks = (desk.chain.rpc("eth_getBlockByNumber", hex(number), False) for number in range(desk.head() + 1))
    return [int(block["timestamp"], 16) for block in blocks]


def questions(desk: Desk) -> list[Ask]:
    at, head = times(desk), desk.head()
    moments = [at[head] - 2500, at[head] - 1500, at[head - 3], at[0] - 10, at[2]]
    return [
        Ask(),
        Ask(roots=(2,)),
        Ask(roots=(1, 2, 3)),
        *(Ask(block=number) for number in (0, 1, head - 12, head - 4, head)),
        *(Ask(time=moment) for moment in moments),
        *(Ask(about=moment) for moment in moments),
        Ask(block=head - 4, about=at[head - 8], roots=(2,)),
    ]


@pytest.mark.parametrize("refuse", [{}, {"eth_getProof": 0}], ids=["proven", "told"])
def test_page_reads_at_an_endpoint_what_python_reads_there(town, tmp_path, refuse):
    asked = [(number, ask) for ask in questions(town) for number in ("001", "002")]
    found = in_page(tmp_path, *(line_of(town, number, ask, refuse=refuse) for number, ask in asked))
    read = explained = 0
    for (number, ask), answer in zip(asked, found, strict=True):
        expected, told = by_python(town, number, ask), answer["evidence"]
        if isinstance(expected, NoEvidence):
            assert (told["missing"], told["code"]) == (True, expected.code), (ask, told)
            continue
        assert told["missing"] is False, (ask, told)
        assert told["assurance"] == ("endpoint" if refuse else "proven")
        assert facts(told) == facts(evidence_to_json(expected)), ask
        assert told["counted"] is None
        assert reasons(told) == [(c.mask, c.action, c.reason, c.block_number, c.time) for c in expected.status.changes]
        explained += bool(reasons(told))
        read += 1
    assert read >= 20
    assert explained >= 5


@pytest.mark.parametrize("pruned", [False, True], ids=["old states kept", "pruned"])
@pytest.mark.parametrize("limit", [1, 2, 7, 50])
def test_reasons_are_found_at_an_endpoint_that_tells_logs_of_few_blocks_at_once(town, tmp_path, limit, pruned):
    """What is told is what Python reads where it may ask about all blocks; of the past all of it, or nothing."""
    asked = [(number, ask) for ask in questions(town) for number in ("001", "002")]
    found = in_page(tmp_path, *(line_of(town, number, ask, limit=limit, pruned=pruned) for number, ask in asked))
    told = 0
    for (number, ask), answer in zip(asked, found, strict=True):
        expected, evidence = by_python(town, number, ask), answer["evidence"]
        if isinstance(expected, NoEvidence):
            continue
        mine = reasons(evidence)
        theirs = [(c.mask, c.action, c.reason, c.block_number, c.time) for c in expected.status.changes]
        assert facts(evidence) == facts(evidence_to_json(expected)), ask
        assert [one for one in theirs if one in mine] == mine
        if ask.about is None:
            assert mine[:1] == theirs[:1], (number, ask)
        elif not expected.status.revoked:
            assert mine in ([], theirs)
        told += bool(mine)
    assert told >= 5


def reasons(told: dict) -> list[tuple]:
    assert all(one["told"] is True for one in told["status"]["changes"])
    return [
        (int(one["mask"]), *(one[n] for n in ("action", "reason", "block", "time")))
        for one in told["status"]["changes"]
    ]


@pytest.mark.parametrize("untagged", ["null", "refused"])
def test_endpoint_that_knows_no_safe_block_is_read_by_confirmations_as_python_does(town, tmp_path, untagged):
    entry = line_of(town)["entry"]
    assert entry["confirmations"] == {"safe": 1, "final": 2}
    depths = [{"safe": 1, "final": 2}, {"safe": 64, "final": 10**6}, {"safe": 10**6, "final": 10**6}]
    asked = [(depth, ask) for depth in depths for ask in questions(town)]
    found = in_page(
        tmp_path,
        *(line_of(town, "001", ask, untagged=untagged, entry=entry | {"confirmations": depth}) for depth, ask in asked),
    )
    for (depth, ask), answer in zip(asked, found, strict=True):
        expected, told = by_python(town, "001", ask, depth), answer["evidence"]
        if isinstance(expected, NoEvidence):
            assert (told["missing"], told["code"]) == (True, expected.code), (ask, told)
            continue
        assert facts(told) == facts(evidence_to_json(expected)), (depth, ask)
        assert told["counted"] == depth
    tiers = {answer["evidence"]["record"]["tier"] for answer in found if (answer["evidence"].get("record") or None)}
    assert tiers == {"pending", "safe", "final"}
    (unlisted,) = in_page(tmp_path, line_of(town, untagged=untagged, entry=entry | {"confirmations": None}))
    assert (unlisted["evidence"]["missing"], unlisted["evidence"]["key"]) == (True, "evidence.noTags")


def spoilt_entries(entry: dict) -> dict[str, tuple[dict, str]]:
    """The verifier's list with one thing otherwise, and why nothing is then told."""
    beside = entry["accreditation"]
    other = f"eip155:31337:0x{'12' * 20}"
    return {
        "another chain id": ({"contract": entry["contract"].replace("31337", "31338")}, "WRONG_CHAIN"),
        "another first block": ({"genesisHash": "00" * 32}, "WRONG_CHAIN"),
        "other code": ({"codeHash": "00" * 32}, "WRONG_CHAIN"),
        "no contract there": ({"contract": other}, "WRONG_CHAIN"),
        "other accreditation code": ({"accreditation": {**beside, "codeHash": "00" * 32}}, "LEDGER_ERROR"),
    }


@pytest.mark.parametrize("refuse", [{}, {"eth_getProof": 0}], ids=["proven", "told"])
def test_another_chain_or_other_code_than_the_verifiers_list_says_tells_nothing(town, tmp_path, refuse):
    line = line_of(town, "001", Ask(roots=(2,)), refuse=refuse)
    tried = spoilt_entries(line["entry"])
    found = in_page(tmp_path, *({**line, "entry": {**line["entry"], **change}} for change, _ in tried.values()))
    for (name, (_, code)), answer in zip(tried.items(), found, strict=True):
        assert (answer["evidence"]["missing"], answer["evidence"]["code"]) == (True, code), name


def test_accreditation_contract_of_another_registry_tells_nothing(town, tmp_path):
    """The same code, made for the contract of somebody else: only its slot 0 says so."""
    other = Desk(tmp_path, town.chain)
    other.ok("deploy --out deployment.json")
    theirs = page_tables(trusted_contracts(settings_of(other)))["trusted"][0]["accreditation"]
    line = line_of(town, "001", Ask(roots=(2,)))
    assert theirs["codeHash"] == line["entry"]["accreditation"]["codeHash"]
    (answer,) = in_page(tmp_path, {**line, "entry": {**line["entry"], "accreditation": theirs}})
    assert (answer["evidence"]["missing"], answer["evidence"]["code"]) == (True, "LEDGER_ERROR")


def test_endpoint_that_stops_giving_proofs_is_not_believed_without_them(town, tmp_path):
    ask = Ask(roots=(2,))
    counts = range(1, 12)
    found = in_page(tmp_path, *(line_of(town, "001", ask, refuse={"eth_getProof": many}) for many in counts))
    told = [answer["evidence"]["missing"] or answer["evidence"]["assurance"] for answer in found]
    assert told == sorted(told, key=lambda one: one == "proven")
    assert set(told) == {True, "proven"}


def test_endpoint_that_gives_another_block_than_was_asked_for_tells_nothing(town, tmp_path):
    """Good before the suspension, and the header is a true one: only its number says that it is another's."""
    head = town.head()
    before, after = hex(head - 30), hex(head - 12)
    good = in_page(tmp_path, line_of(town, "001", Ask(block=head - 30)))[0]["evidence"]
    (answer,) = in_page(tmp_path, line_of(town, "001", Ask(block=head - 12), instead={after: before}))
    assert good["missing"] is False
    assert (answer["evidence"]["missing"], answer["evidence"]["code"]) == (True, "LEDGER_ERROR")


def test_nothing_spoilt_in_an_endpoints_answer_is_believed(town, tmp_path):
    """Every field and node of every answer, one by one: the evidence is refused, or is what it was before."""
    ask = Ask(about=times(town)[-5], roots=(2,))
    (answer,) = in_page(tmp_path, line_of(town, "001", ask, spoil=True))
    changed = answer["changed"]
    assert answer["evidence"]["assurance"] == "proven"
    assert len(changed) >= 1_000
    believed = [one["where"] for one in changed if not one["missing"] and not one["same"]]
    assert believed == []
    nodes = [one for one in changed if re.search(r"eth_getProof .*(accountProof|\.proof)\.\d+$", one["where"])]
    assert len(nodes) >= 300
    first = re.compile(r"eth_getBlockByNumber 1 (?!hash|number)")  # the first block: its hash is compared, no more
    told = [one for one in changed if one["where"].startswith(TOLD)]
    assert len(told) >= 30
    assert {one["missing"] for one in told} == {False}  # a kindness: its lack is no fault
    accepted = [one["where"] for one in changed if not one["missing"] and not first.match(one["where"])]
    accepted = [where for where in accepted if not where.startswith(TOLD)]
    accepted = sorted({" ".join(re.sub(r"\d+", "", where).split()) for where in accepted})
    assert set(accepted) <= UNREAD, accepted


def test_block_hash_that_the_reader_trusts_leaves_nobody_to_believe(town, tmp_path):
    """Without proofs, with another block's header, or before it was suspended, the endpoint says nothing else."""
    head = town.head()
    hashes = {
        number: town.chain.rpc("eth_getBlockByNumber", hex(number), False)["hash"][2:] for number in (head, head - 30)
    }

    def line(block: int, ask: Ask = Ask(roots=(2,)), **more: object) -> dict:  # noqa: B008  # a value
        made = line_of(town, "001", ask, **more)
        return {**made, "wish": {**made["wish"], "blockHash": hashes[block]}}

    now, before, no_proofs, later, unknown = (
        answer["evidence"]
        for answer in in_page(
            tmp_path,
            line(head),
            line(head - 30),
            line(head, refuse={"eth_getProof": 0}),
            line(head - 30, Ask(block=head)),
            {**line(head), "wish": {**line(head)["wish"], "blockHash": "12" * 32}},
        )
    )
    assert (now["assurance"], before["assurance"]) == ("proven", "proven")
    assert facts(now) == facts(evidence_to_json(by_python(town, "001", Ask(roots=(2,))))) | {
        "safe": point(now["latest"]),
        "record": (now["record"]["commitment"], now["record"]["time"], "final"),
    }
    assert (int(now["status"]["revoked"]), int(before["status"]["revoked"])) == (1, 0)
    assert (no_proofs["missing"], no_proofs["key"]) == (True, "evidence.noProofs")
    assert (later["missing"], later["code"]) == (True, "BLOCK_NOT_READ")
    assert (unknown["missing"], unknown["code"]) == (True, "BLOCK_NOT_READ")


def test_newest_second_is_not_over_for_the_page_either(town, tmp_path):
    second = times(town)[-1]
    newest, before = (line_of(town, "001", Ask(time=moment)) for moment in (second, second - 1))
    answers = [answer["evidence"] for answer in in_page(tmp_path, newest, before)]
    assert [one["missing"] for one in answers] == [True, False]
    assert answers[0]["key"] == "evidence.notOver"
    assert (answers[0]["code"], by_python(town, "001", Ask(time=second)).code) == ("BLOCK_NOT_READ", "BLOCK_NOT_READ")


def test_nothing_spoilt_is_believed_of_a_block_whose_hash_the_reader_trusts(town, tmp_path):
    block_hash = town.chain.rpc("eth_getBlockByNumber", "latest", False)["hash"][2:]
    made = line_of(town, "001", spoil=True)
    (answer,) = in_page(tmp_path, {**made, "wish": {**made["wish"], "blockHash": block_hash}})
    assert answer["evidence"]["assurance"] == "proven"
    assert [one["where"] for one in answer["changed"] if not one["missing"] and not one["same"]] == []
    assert sum(one["missing"] for one in answer["changed"]) >= 300
