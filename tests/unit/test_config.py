"""Settings from options, variables and hallmark.toml."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from registry.config import load_settings
from registry.errors import ConfigError


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("RPC", "DATABASE", "TRUST", "RPC_TIMEOUT", "RELAY_HOURS", "PRIVATE_KEY"):
        monkeypatch.delenv(f"HALLMARK_{name}", raising=False)
    return tmp_path


def test_options_go_before_variables_and_variables_before_the_file(monkeypatch):
    Path("hallmark.toml").write_text(
        'rpc = "file"\ndatabase = "file"\nwait = "file"\ntrust = ["a", "b"]\nmax_fee = 1.5\n'
    )
    monkeypatch.setenv("HALLMARK_RPC", "variable")
    monkeypatch.setenv("hallmark_database", "variable")
    settings = load_settings(rpc="option", database=None)
    assert (settings.rpc, settings.database, settings.wait) == ("option", "variable", "file")
    assert settings.trust == (Path("a"), Path("b"))
    assert settings.max_fee == Decimal("1.5")
    assert load_settings().home == Path(".hallmark")


def test_texts_of_variables_become_numbers_lists_and_secrets(monkeypatch):
    for name, value in {"RPC_TIMEOUT": "7", "RELAY_HOURS": "9", "TRUST": '["x"]', "PRIVATE_KEY": "0x77"}.items():
        monkeypatch.setenv(f"HALLMARK_{name}", value)
    settings = load_settings()
    assert (settings.rpc_timeout, settings.relay_hours, settings.trust) == (7.0, 9, (Path("x"),))
    assert settings.private_key.get_secret_value() == "0x77"
    assert "77" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rpc_timeout", "soon"),
        ("rpc_timeout", True),
        ("relay_hours", "0"),
        ("relay_hours", 1.5),
        ("max_fee", "cheap"),
        ("max_fee", -1),
        ("trust", "not JSON"),
        ("trust", '{"a": 1}'),
        ("rpc", 5),
        ("deployment", 5),
        ("private_key", 0x5A5A),
    ],
)
def test_value_of_another_form_is_refused_by_name_and_not_repeated(name, value):
    with pytest.raises(ConfigError, match=name) as caught:
        load_settings(**{name: value})
    assert str(value) not in str(caught.value).replace("more than 0", "")


@pytest.mark.parametrize("text", ["unknown = 1\n", "rpc = \n"])
def test_file_with_unknown_settings_or_of_another_form_is_refused(text):
    Path("hallmark.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"unknown|hallmark\.toml"):
        load_settings()


def test_reading_settings_imports_no_pydantic():
    code = "import sys; from registry.config import load_settings; load_settings(); print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
