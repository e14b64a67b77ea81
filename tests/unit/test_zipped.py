"""A learner's zip: what is in it is found, and nothing that is not one credential passes for one."""

import io
import zipfile

import pytest

from registry.containers import zipped
from registry.containers.carrier import read_container
from registry.errors import ContainerError


def archive(members: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(f"{name}.json", content)
    return held.getvalue()


def test_credential_and_profile_are_found_by_their_place():
    data = archive({"profile": b"{1}", "batch-00/profile": b"{2}"})
    assert read_container(data) == b"{1}"
    assert zipped.profile(data) == b"{2}"


@pytest.mark.parametrize("members", [{}, {"batch-00/profile": b"{}"}, {"a": b"{}", "b": b"{}"}])
def test_zip_without_exactly_one_credential_is_refused(members):
    with pytest.raises(ContainerError):
        zipped.extract(archive(members))


def test_credential_that_unpacks_to_more_than_is_allowed_is_refused():
    data = archive({"a": b"{" + bytes(zipped.MAX_BYTES)})
    assert len(data) < zipped.MAX_BYTES // 100
    with pytest.raises(ContainerError, match="larger"):
        zipped.extract(data)


def test_damaged_zip_is_refused_and_never_crashes():
    data = archive({"a": b'{"a": "' + bytes(range(256)) * 4 + b'"}'})
    for length in range(4, len(data), 7):
        with pytest.raises(ContainerError):
            zipped.extract(data[:length])
    for place in range(4, len(data)):
        spoilt = bytearray(data)
        spoilt[place] ^= 0xFF
        try:
            zipped.extract(bytes(spoilt))
        except ContainerError:
            continue
