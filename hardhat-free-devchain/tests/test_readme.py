"""The README says what the code does."""

import re
from pathlib import Path

import pytest
from devchain import RpcError

README = (Path(__file__).parents[1] / "README.md").read_text()


def test_readme_names_the_versions_and_lists_exactly_the_methods_of_py_evm(chain, whole):
    name, release = chain.rpc("web3_clientVersion").split("/v" if whole else "/py-evm ")
    assert f"{name.split('/')[0] if whole else 'py-evm'} {release}" in README
    if whole:
        return
    listed = re.search(r"offers exactly: (.*?)\. Every", README, re.S).group(1)
    with pytest.raises(RpcError) as caught:
        chain.rpc("nothing")
    offered = str(caught.value).rpartition("offers ")[2].split(", ")
    assert re.findall(r"`(\w+)`", listed) == offered
