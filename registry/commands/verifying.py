"""Verify files with the sources and the list that the options name; also in a process of a pool."""

import json
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry import bootstrap
from registry.commands import options
from registry.commands.documents import bytes_of, is_lines, lines_of
from registry.commands.outcomes import Row, exit_code, joined
from registry.commands.report_text import report_text, wants_colour
from registry.credential.controller import AtHand
from registry.credential.reader import read_document
from registry.errors import HallmarkError, InputError, Unreadable
from registry.verification.evidence import Evidence, NoEvidence, Policy
from registry.verification.holder import Presentation, Question, check_holder, presentation_of
from registry.verification.moment import policy_of
from registry.verification.report import HOLDER_NOT_CHECKED, Report
from registry.verification.verdict import Check
from registry.verification.verify import Presented, judge, present

if TYPE_CHECKING:
    from registry.ports.evidence import EvidenceSource
    from registry.verification.snapshot import SignedSnapshot

_NO_PLACE = NoEvidence("The document names no place on a chain.", "NOT_ANCHORED")
_NOT_ASKED = NoEvidence("No source was named; give --registry, --rpc or --bundle.", "NOT_ASKED")


class Verifier:
    """Everything that stays the same from file to file."""

    def __init__(self, args: Namespace) -> None:
        settings = options.settings_of(args)
        # What is named on the command line decides; a registry in the settings does not override --rpc.
        settings = settings._replace(registry=None) if args.rpc else settings
        self.args = args
        self.bundle = bootstrap.bundle(settings, args.bundle, args.block_hash) if args.bundle else None
        self.policy = _policy(args, Policy(bootstrap.trusted_contracts(settings), time.time(), args.max_age))
        self.question = Question(args.challenge, args.domain, args.email)
        self.lists = bootstrap.list_reader(settings, args.status_list)
        self.controllers = bootstrap.controller_reader(settings, args.did)
        self.attested = _attested(args.attested)
        self.source: EvidenceSource | None = self.bundle
        if self.bundle is None and (settings.registry or settings.rpc):
            profiles = [read_document(path.read_bytes()) for path in args.profile]
            self.source = bootstrap.evidence_source(settings, [*profiles, *bootstrap.profiles_beside(args.files)])

    def rows(self, files: Sequence[Path]) -> Iterator[Row]:
        """One row a credential; a presentation holds several."""
        if not files and self.bundle is not None:
            yield self._row(str(self.args.bundle), self._report(present(self.bundle.credential), None))
        for path in files:
            if is_lines(path):
                yield from self._lines(path)
                continue
            for report in self._reports(partial(bytes_of, path, self.args.key)):
                yield self._row(str(path), report)

    def _lines(self, path: Path) -> Iterator[Row]:
        try:
            for name, data in lines_of(path):
                for report in self._reports(partial(bytes, data)):
                    yield self._row(name, report)
        except Unreadable as error:
            yield self._row(str(path), self._report(Presented(None, error), None))

    def _reports(self, read: Callable[[], bytes]) -> Iterable[Report]:
        try:
            data = read()
            presentation = presentation_of(data)
        except HallmarkError as error:
            return [self._report(Presented(None, error), None)]
        if presentation is None:
            return [self._report(present(data), None)]
        return [self._report(presented, presentation) for presented in presentation.credentials]

    def _report(self, presented: Presented, presentation: Presentation | None) -> Report:
        evidence = self._evidence(presented)
        known = self._documents(presented, evidence)
        holder = self._holder(presented, presentation, known)
        lists = self.lists.read(presented.lists_for(evidence))
        return judge(presented, evidence, self.policy, lists, known, holder)

    def _documents(self, presented: Presented, evidence: Evidence | NoEvidence) -> dict[str, Mapping[str, Any] | str]:
        """DID documents: the verifier's own, else those that somebody attests whom the verifier believes."""
        known = self.controllers.read(presented.controllers(evidence))
        vouched = {} if self.bundle is None else self.bundle.documents(self.args.attester, evidence)
        if self.attested is not None:
            from registry.verification.attested import documents_by_word

            documents, snapshots = self.attested
            vouched |= documents_by_word(documents.values(), snapshots, self.args.attester, evidence)
        return known | {name: one for name, one in vouched.items() if not isinstance(known.get(name), Mapping)}

    def _evidence(self, presented: Presented) -> Evidence | NoEvidence:
        if presented.place is None:
            return _NO_PLACE
        if self.source is None:
            return _NOT_ASKED
        return self.source.gather(presented.place, presented.account, self.policy.ask(presented.place.batch.contract))

    def _holder(
        self,
        presented: Presented,
        presentation: Presentation | None,
        known: Mapping[str, Mapping[str, Any] | str],
    ) -> Check:
        if presented.credential is None:
            return HOLDER_NOT_CHECKED
        at_hand = AtHand(None, known, self.policy.now)
        return check_holder(presented.credential, presentation, self.question, at_hand)

    def _row(self, name: str, report: Report) -> Row:
        code = exit_code(report.verdict.value)
        if self.args.json:
            from textwrap import indent

            body = {"file": name, **report.to_json()}
            return Row(code, indent(json.dumps(body, indent=2, ensure_ascii=False), "  "))
        return Row(code, report_text(name, report, colour=wants_colour()))


_prepared: list[Verifier] = []


def prepare(args: Namespace) -> None:
    """In a process of a pool: once, before its first chunk."""
    _prepared[:] = [Verifier(args)]


def verify_chunk(files: Sequence[Path]) -> Row:
    """In a process of a pool: the rows of these files, as one."""
    verifier = _prepared[0]
    return joined(verifier.rows(files), as_json=verifier.args.json)


def _attested(files: Sequence[Path]) -> "tuple[dict[str, Mapping[str, Any]], list[SignedSnapshot]] | None":
    if not files:
        return None
    from registry.commands.attest import attested_of_files

    return attested_of_files(files)


def _policy(args: Namespace, policy: Policy) -> Policy:
    return policy_of(policy, args.as_of, args.about, args.root, [_scope(text) for text in args.scope])


def _scope(text: str) -> str:
    """The hash of a scope document in a file, or the hash that was given."""
    path = Path(text)
    if not path.is_file():
        return text
    from registry.credential.canonical import canonical_hash

    try:
        return canonical_hash(read_document(path.read_bytes())).hex()
    except HallmarkError as error:
        raise InputError(f"The scope {path} cannot be read: {error.what}", todo="give a JSON document") from None
