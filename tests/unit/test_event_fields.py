"""Places of event fields, which SQL cuts by, against what `decode` reads from the same logs."""

from lives import Life

from registry.ledger.events import EVENT_TYPES
from registry.ledger.fields import places_of


def test_every_fixed_field_is_cut_as_decode_reads_it():
    life = Life(seed=3, issuers=6)
    life.mine(150, events=8)
    seen = set()
    for _, logs in life.blocks:
        for log, item in logs:
            kind = type(item.event)
            seen.add(kind)
            for name, place in places_of(kind).items():
                cut = place.cut(b"".join(log.topics), log.data)
                value = getattr(item.event, name)
                assert (int.from_bytes(cut, "big") if place.number else cut) == value, (kind.__name__, name)
            assert set(kind.__struct_fields__) - set(places_of(kind)) <= {"changes"}
    assert seen == set(EVENT_TYPES)
