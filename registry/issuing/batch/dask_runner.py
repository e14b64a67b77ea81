"""Chunks on other machines: workers of a Dask cluster stage them, this machine writes what comes back.

Every worker needs this package in the same version, and is sent the signing key with its jobs: name the scheduler as
tls://… wherever the network is not yours alone.
"""

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Self

from registry.errors import InputError
from registry.issuing.batch.runner import JobT, ResultT, in_order

_SECONDS = 10


class DaskCluster:
    """The workers of a scheduler.

    A worker that ends has its job done again by another one; the salts of the first attempt are lost with it, unused.

    Args:
        address: Of the scheduler: tcp://host:8786 or tls://host:8786.

    Raises:
        InputError: The package `distributed` is not installed, or no scheduler answers.
    """

    shares_disk = False

    def __init__(self, address: str) -> None:
        try:
            import distributed
        except ImportError:
            todo = "install the extra: pip install 'hallmark-registry[dask]'; or leave out --dask"
            raise InputError("The package distributed is not installed here.", todo=todo) from None
        try:
            self._client: Any = distributed.Client(address, timeout=_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            todo = "start one with `dask scheduler` and workers with `dask worker`, or leave out --dask"
            raise InputError(f"No Dask scheduler answers at {address}: {error}.", todo=todo) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def map(self, work: Callable[[JobT], ResultT], jobs: Iterable[JobT]) -> Iterator[ResultT]:
        """The results in the order of the jobs.

        Raises:
            InputError: There are no workers, or the same job ended several of them.
        """
        from distributed import KilledWorker

        threads = sum(self._client.nthreads().values())
        if not threads:
            raise InputError("The Dask scheduler has no workers.", todo="start some with `dask worker`")
        try:
            yield from in_order(lambda job: self._client.submit(work, job, pure=False), jobs, threads)
        except KilledWorker:
            what = "Several Dask workers ended at the same job."
            raise InputError(what, todo="look at their logs and memory, then run the command again") from None
