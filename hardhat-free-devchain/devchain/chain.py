"""`start` gives a running development chain, whichever engine this machine has."""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from devchain import anvil
from devchain.accounts import ACCOUNTS, BALANCE_ETHER, CHAIN_ID, Account
from devchain.errors import DevchainError, EngineMissingError, NotOfferedError, RpcError, StartFailedError
from devchain.process import EngineProcess, can_connect, free_port

Engine = Literal["anvil", "py-evm"]
ENGINES: Final = ("auto", "anvil", "py-evm")
PORT_TRIES: Final = 3
BLOCKS_TO_FINAL: Final = 2


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine that will run, and why that one."""

    engine: Engine
    why: str
    binary: Path | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What a chain is started with.

    Attributes:
        block_time: seconds between blocks; 0 mines only when a transaction comes.
        state: a file the chain is loaded from and saved to, or None.
    """

    choice: Choice
    host: str
    block_time: float
    state: Path | None


class Chain:
    """A running chain; a context manager that stops it.

    Attributes:
        engine: "anvil" or "py-evm".
        why: the reason for that engine, one line.
        url: the JSON-RPC endpoint, http.
        chain_id: EIP-155 chain id, the same on both engines.
        accounts: the funded accounts with their keys, the same on both engines.
        balance_ether: what each of them begins with, in ether.
        block_time: seconds between blocks; 0 when only transactions bring blocks.
        state: the file the chain is saved to, or None.
    """

    def __init__(self, settings: Settings, port: int) -> None:
        self.engine: Engine = settings.choice.engine
        self.why = settings.choice.why
        self.host = settings.host
        self.chain_id = CHAIN_ID
        self.accounts: tuple[Account, ...] = ACCOUNTS
        self.balance_ether = BALANCE_ETHER
        self.block_time = settings.block_time
        self.state = settings.state
        self._settings = settings
        self._ids = itertools.count(1)
        self.port = port
        self._launch()

    @property
    def url(self) -> str:
        """The JSON-RPC endpoint; it stays the same over `restart`."""
        return f"http://{self.host}:{self.port}"

    @property
    def finality(self) -> str:
        """How a client learns on this engine that a block is final, one line."""
        if self.engine == "py-evm":
            return "by confirmations: this engine has no safe and finalized tags and refuses them"
        moves = "" if self.block_time else "; it moves only with new blocks (evm_mine)"
        return f"by tags: safe is 1 block and finalized 2 blocks behind latest{moves}"

    @property
    def alive(self) -> bool:
        """True while the engine runs."""
        return self._process.alive

    def stop(self) -> None:
        """Stop in order, saving the state file where there is one. Safe to call twice."""
        self._process.stop()

    def kill(self) -> None:
        """Stop as a crash would: at once, nothing saved. Safe to call twice."""
        self._process.kill()

    def restart(self) -> None:
        """Start again on the same port, after stopping in order if it still runs.

        With a state file the chain goes on where the last orderly stop left it, and two empty blocks
        later, so that the final block's state can be read; without one it begins again at block 0.

        Raises:
            StartFailedError: the port was taken meanwhile, or the engine did not come up.
        """
        self.stop()
        self._launch()

    def _launch(self) -> None:
        loaded = self.state is not None and self.state.exists()
        self.port, self._process = _launch(self._settings, self.port)
        if loaded:
            # A loaded chain knows the state of its head only: two more blocks make that the final one.
            self.rpc("anvil_mine", hex(BLOCKS_TO_FINAL))

    def rpc(self, method: str, *params: Any) -> Any:
        """Call one JSON-RPC method and return its result.

        Raises:
            RpcError: the chain answered with an error.
            DevchainError: the chain did not answer.
        """
        import urllib3

        call = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        try:
            answer: Any = urllib3.request("POST", self.url, json=call, timeout=60, retries=False).json()
        except (urllib3.exceptions.HTTPError, ValueError) as problem:
            raise DevchainError(f"no JSON-RPC answer from {self.url}: {problem}") from problem
        if "error" in answer:
            error = answer["error"]
            raise RpcError(error["code"], error["message"], error.get("data"))
        return answer["result"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def choose(engine: str = "auto") -> Choice:
    """Pick the engine: "auto" takes anvil where its binary runs, py-evm otherwise.

    Raises:
        EngineMissingError: the engine that was named cannot run here.
        DevchainError: no such engine.
    """
    if engine not in ENGINES:
        raise DevchainError(f"no engine {engine!r}; choose one of {', '.join(ENGINES)}")
    if engine == "py-evm":
        return _py_evm("asked for")
    try:
        found = anvil.find()
    except EngineMissingError as missing:
        if engine == "anvil":
            raise
        return _py_evm(str(missing))
    why = "asked for" if engine == "anvil" else "its binary runs here"
    return Choice("anvil", f"{found.version}, {why}", found.path)


def _py_evm(why: str) -> Choice:
    if find_spec("eth_tester") and find_spec("eth"):
        return Choice("py-evm", why)
    raise EngineMissingError("py-evm cannot be run: install eth-tester and py-evm (`uv sync --all-packages`)")


def start(
    engine: str = "auto",
    port: int = 0,
    block_time: float = 1.0,
    state: str | Path | None = None,
    host: str = "127.0.0.1",
) -> Chain:
    """Start a chain and return once it answers.

    Args:
        engine: "auto", "anvil" or "py-evm".
        port: TCP port; 0 takes any free one.
        block_time: seconds between blocks, beside the block mined for each transaction; 0 for none.
        state: file to load the chain from and save it to (anvil only).
        host: a loopback address to listen on.

    Raises:
        EngineMissingError: the engine cannot run here.
        NotOfferedError: the engine has no saved state, or the host is not loopback.
        StartFailedError: the port is taken, or the engine did not come up.
    """
    if host not in ("127.0.0.1", "localhost"):
        raise NotOfferedError(f"host {host!r}: the keys are public, so it listens on 127.0.0.1 only")
    if block_time < 0:
        raise DevchainError(f"block time {block_time} s: give 0 or more seconds")
    if state and not Path(state).absolute().parent.is_dir():
        raise DevchainError(f"state file {state}: its folder does not exist; make it first")
    choice = choose(engine)
    if state and choice.engine == "py-evm":
        raise NotOfferedError(
            "py-evm keeps its chain in memory and saves no state; leave the state file out, or use anvil"
        )
    return Chain(Settings(choice, "127.0.0.1", block_time, Path(state) if state else None), port)


def _launch(settings: Settings, port: int) -> tuple[int, EngineProcess]:
    """Start the engine; with port 0 try again when somebody takes the free port before it does."""
    tries = 1 if port else PORT_TRIES
    for left in reversed(range(tries)):
        chosen = port or free_port(settings.host)
        if can_connect(settings.host, chosen):
            raise StartFailedError(f"port {chosen} is taken; choose another one, or 0 for any free one")
        process = EngineProcess(_command(settings, chosen))
        try:
            process.wait_until(lambda: can_connect(settings.host, chosen))  # noqa: B023  used at once
        except StartFailedError:
            if not left:
                raise
        else:
            return chosen, process
    raise AssertionError("unreachable")


def _command(settings: Settings, port: int) -> list[str]:
    if settings.choice.binary:
        return anvil.command(settings.choice.binary, settings.host, port, settings.block_time, settings.state)
    return [
        sys.executable,
        "-m",
        "devchain.pyevm.server",
        settings.host,
        str(port),
        f"{settings.block_time:g}",
    ]
