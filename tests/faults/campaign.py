"""Seed → workload and faults → quiet period → oracle, many times over; prints seeds and a table by kind.

Run as `make faults N=2000`, or one seed again as `python tests/faults/campaign.py --seed S`.
"""

import argparse
import contextlib
import json
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "support")]

from faults import oracle
from faults.kinds import REORGS, Fault, Kind, draw, kinds_of
from faults.world import World, index, world

from registry.errors import HallmarkError, ReorgPastFinality

ROUNDS = 12
_SHOWN = 400
SLOTS = (1, 2, 8, 32, 110)
SEEDS = Path(__file__).with_name("seeds.json")
OUTCOMES = ("absorbed", "detected", "pending", "halted", "FAILED")


@dataclass
class Round:
    """One fault, or two at once, and what came of it.

    Attributes:
        outcome: absorbed: the run ended well and the mirror is whole; detected: the run refused with an error of
            ours; pending: above the proven block rows were missing, and the mirror did not say that they were not;
            halted: final blocks were replaced and nothing was written; FAILED: anything else.
    """

    seed: int
    number: int
    faults: tuple[Fault, ...]
    fired: int = 0
    outcome: str = ""
    why: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        names = " + ".join(fault.kind.name for fault in self.faults)
        reasons = "".join(f"\n    {reason[:_SHOWN]}" for reason in self.why[:4])
        return f"seed {self.seed} round {self.number} {names}: {self.outcome}{reasons}"


def kind_of(seed: int, number: int) -> Kind:
    """The fault of a round: seeds in a row go through all kinds, each as often as every other, shuffled once."""
    kinds, place = kinds_of(seed), seed * ROUNDS + number
    return random.Random(place // len(kinds)).sample(kinds, len(kinds))[place % len(kinds)]


def run_seed(seed: int, database: str | None = None) -> Iterator[Round]:
    """The rounds of one world; it ends early when the indexer halted, as it must, for a person to look."""
    rng = random.Random(seed)
    held = oracle.Ledger()
    with world(seed, rng.choice(SLOTS), database, second=rng.random() < 0.3) as here:
        here.mine(rng.choice((0, 5, 2 * here.final_after)))
        here.act(rng.randint(2, 12))
        index(here.settings(honest=True))
        for number in range(ROUNDS):
            faults = _faults(rng, seed, number)
            done = _round(here, held, Round(seed, number, faults))
            yield done
            if done.outcome in ("halted", "FAILED"):
                return


def _faults(rng: random.Random, seed: int, number: int) -> tuple[Fault, ...]:
    kinds = kinds_of(seed)
    first = replace(draw(rng, kinds), kind=kind_of(seed, number))
    if rng.random() < 0.8 or first.kind is Kind.REORG_PAST_FINALITY:
        return (first,)
    second = draw(rng, kinds)
    return (first,) if second.kind in REORGS else (first, second)


def _round(here: World, held: oracle.Ledger, now: Round) -> Round:
    here.act(here.rng.randint(1, 8))
    with _working(here, now):
        error = _run_spoiled(here, now)
    if now.outcome == "FAILED":
        return now
    # A run that failed aloud may not have got to see that the chain has other blocks by now.
    blind = error is not None and any(fault.kind in REORGS for fault in now.faults)
    if now.faults[0].kind is not Kind.REORG_PAST_FINALITY and not blind:
        now.why += oracle.silent_errors(here)
    if isinstance(error, ReorgPastFinality) and now.faults[0].kind in REORGS:
        return _halted(here, now)
    behind = error is None and bool(oracle.mirrored_logs(here, here.head) ^ oracle.chain_logs(here, here.head))
    _quiet(here, held, now)
    if now.why:
        now.outcome = "FAILED"
    elif not now.fired:
        now.outcome = "idle"
    else:
        now.outcome = "detected" if error else "pending" if behind else "absorbed"
    return now


@contextlib.contextmanager
def _working(here: World, now: Round) -> Iterator[None]:
    """Faults at work; those of the chain itself happen now, or at a later request."""
    active = here.proxy.install(*(fault for fault in now.faults if fault.kind not in REORGS))
    for fault in now.faults:
        if fault.kind is Kind.REORG_MID_RUN:
            _reorg_later(here, now, fault)
        elif fault.kind in REORGS:
            now.fired += here.reorg(_depth(here, fault))
    try:
        yield
    finally:
        here.proxy.clear()
        now.fired += sum(one.fired for one in active)


def _depth(here: World, fault: Fault) -> int:
    """As deep as the fault says, and not, or just, beyond what the mirror called final."""
    point = oracle.checkpoint(here)
    final = point.final if point else here.start
    if fault.kind is Kind.REORG_PAST_FINALITY:
        return max(0, here.head - final) + 1 + fault.depth % 8
    return min(fault.depth, here.head - final)


def _reorg_later(here: World, now: Round, fault: Fault) -> None:
    left = [1 + fault.seed % 6]

    def count_down() -> None:
        left[0] -= 1
        if left[0] == 0:
            now.fired += here.reorg(_depth(here, fault))

    here.proxy.on_request = count_down


def _run_spoiled(here: World, now: Round) -> HallmarkError | None:
    # Which of two issuers' logs stands first in a block moves no word: only receipts prove it.
    receipts = any(fault.kind is Kind.SWAP_PLACES for fault in now.faults)
    try:
        index(here.settings(), receipts=receipts)
    except HallmarkError as error:
        return error
    except Exception:
        now.outcome = "FAILED"
        now.why.append("not an error of ours: " + traceback.format_exc(limit=-3))
    return None


def _halted(here: World, now: Round) -> Round:
    """Final blocks were replaced: the mirror must stay as it is, however often it is tried."""
    before = oracle.final_facts(here)
    with contextlib.suppress(HallmarkError):
        index(here.settings(honest=True))
        now.why.append("it went on after final blocks were replaced")
    if oracle.final_facts(here) != before:
        now.why.append("final facts changed while it was halted")
    if now.faults[0].kind is not Kind.REORG_PAST_FINALITY:
        now.why.append("halted, though no final block was replaced")
    now.outcome = "FAILED" if now.why else "halted"
    return now


def _quiet(here: World, held: oracle.Ledger, now: Round) -> None:
    """No faults, some blocks more: the mirror must come level by itself, and be whole."""
    here.mine(1)
    try:
        index(here.settings(honest=True))
    except HallmarkError as error:
        if now.faults[0].kind is Kind.REORG_PAST_FINALITY and isinstance(error, ReorgPastFinality):
            return
        now.why.append(f"does not recover: {error}")
        return
    except Exception:
        now.why.append("not an error of ours: " + traceback.format_exc(limit=-3))
        return
    now.why += oracle.differences(here)
    now.why += held.hold(oracle.final_facts(here))


@contextlib.contextmanager
def databases(*, postgres: bool) -> Iterator[Callable[[], str | None]]:
    """Makes a database for each world: an empty one of a PostgreSQL server, or None for SQLite in its folder."""
    if not postgres:
        yield lambda: None
        return
    import clusters

    with clusters.server() as url:
        yield lambda: clusters.make_database(url)


def table(rounds: Iterable[Round]) -> str:
    """A table by kind of fault."""
    counts: dict[str, Counter[str]] = {}
    for one in rounds:
        row = counts.setdefault(one.faults[0].kind.value, Counter())
        row[one.outcome] += 1
        row["answers"] += one.fired
        row["with another"] += len(one.faults) > 1
    names = ("faults", "with another", "answers", *OUTCOMES)
    lines = [f"{'fault':<48}" + "".join(f"{name:>13}" for name in names)]
    total: Counter[str] = Counter()
    for kind in Kind:
        row = counts.get(kind.value, Counter())
        row["faults"] = sum(row[name] for name in OUTCOMES)
        total.update(row)
        lines.append(f"{kind.value:<48}" + "".join(f"{row[name]:>13}" for name in names))
    lines.append(f"{'all':<48}" + "".join(f"{total[name]:>13}" for name in names))
    return "\n".join(lines)


def campaign(count: int, first_seed: int, new_database: Callable[[], str | None]) -> list[Round]:
    """Worlds from `first_seed` on, until `count` faults have fired; failures and progress are printed."""
    rounds, seed = list[Round](), first_seed
    while sum(one.outcome != "idle" for one in rounds) < count:
        for one in run_seed(seed, new_database()):
            rounds.append(one)
            if one.outcome == "FAILED":
                print(f"\n{one}", flush=True)
        print(f"seed {seed}: {sum(r.outcome != 'idle' for r in rounds)} faults", end="\r", flush=True)
        seed += 1
    return rounds


def main() -> int:
    """Run a campaign, or one seed; exit 1 when anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500, help="faults that have to fire (default 500)")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--seed", type=int, help="only this world, told round by round")
    parser.add_argument("--postgres", action="store_true", help="mirror into PostgreSQL instead of SQLite")
    parser.add_argument("--json", type=Path, help="also write the counts here")
    args = parser.parse_args()
    if args.seed is not None:
        rounds = []
        with databases(postgres=args.postgres) as new_database:
            for one in run_seed(args.seed, new_database()):
                print(one, flush=True)
                rounds.append(one)
        return int(any(one.outcome == "FAILED" for one in rounds))
    began = time.monotonic()
    with databases(postgres=args.postgres) as new_database:
        rounds = campaign(args.count, args.first_seed, new_database)
    print(f"\n{table(rounds)}\nin {time.monotonic() - began:.0f} s, seeds {rounds[0].seed} to {rounds[-1].seed}")
    if args.json:
        outcomes = Counter((one.faults[0].kind.name, one.outcome) for one in rounds)
        args.json.write_text(json.dumps([[*key, count] for key, count in sorted(outcomes.items())]))
    failed = sorted({one.seed for one in rounds if one.outcome == "FAILED"})
    print(f"FAILED seeds: {failed}" if failed else "no fault was silent, none was left unrepaired")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
