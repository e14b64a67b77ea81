"""Fetching a range: what one contract's logs say about a block says nothing about the other's."""

from dataclasses import dataclass, field

from lives import ACCREDITATION, CONTRACT, Life

from registry.indexer.fetch import fetch_range
from registry.ledger.events import ACCREDITATION_TYPES
from registry.ledger.header import bloom_bits


@dataclass
class Chain:
    """A chain of made-up blocks whose first answer lacks some logs."""

    life: Life
    hidden: list
    contract = CONTRACT
    accreditation = ACCREDITATION
    asked: list = field(default_factory=list)
    distrusted: list = field(default_factory=list)

    def headers(self, numbers):
        found = {}
        for number in numbers:
            header, logs = self.life.blocks[number - 1]
            bloom = 0
            for log, _ in logs:
                bloom |= bloom_bits(log.address)
            found[number] = header._replace(logs_bloom=bloom)
        return found

    def all(self, numbers):
        return [log for number in numbers for log, _ in self.life.blocks[number - 1][1]]

    def logs(self, first, last):
        return [log for log in self.all(range(first, last + 1)) if log not in self.hidden]

    def logs_elsewhere(self, numbers):
        self.asked += numbers
        return self.all(numbers)

    def distrust(self, reason):
        self.distrusted.append(reason)
        return True


def mixed(life):
    """Number of a block that holds logs of both contracts."""
    for header, logs in life.blocks:
        if len({isinstance(item.event, ACCREDITATION_TYPES) for _, item in logs}) == 2:
            return header.block.number
    raise AssertionError


def test_log_of_one_contract_does_not_hide_that_one_of_the_other_is_missing():
    life = Life(seed=2)
    life.mine(40, events=4)
    number = mixed(life)
    for address in (CONTRACT.address, ACCREDITATION):
        logs = [log for log, _ in life.blocks[number - 1][1]]
        chain = Chain(life, [log for log in logs if log.address == address])
        fetched = fetch_range(chain, number, number)
        assert [log for log, _ in fetched.events] == logs
        assert (chain.asked, len(chain.distrusted)) == ([number], 1)


def test_nobody_is_asked_again_where_every_filter_is_answered():
    life = Life(seed=2)
    life.mine(40, events=4)
    chain = Chain(life, [])
    fetched = fetch_range(chain, 1, 40)
    assert [item for _, item in fetched.events] == life.events()
    assert (chain.asked, chain.distrusted) == ([], [])
