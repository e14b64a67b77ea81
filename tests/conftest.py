"""What all tests share: where the public vectors are, and how hypothesis runs."""

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent / "support"))

import clusters
import public_vectors
import pytest

_CHECKS = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]

# The same examples on every run, so that a red test is red again; HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("fixed", derandomize=True, deadline=None, max_examples=100, suppress_health_check=_CHECKS)
settings.register_profile("explore", deadline=None, max_examples=2_000, suppress_health_check=_CHECKS)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


def pytest_report_header() -> str:
    return f"public vectors: {public_vectors.describe()}"


@pytest.fixture(scope="session")
def postgres_server():
    """SQLAlchemy URL of a PostgreSQL server; HALLMARK_TEST_POSTGRES names another one than the wheel's."""
    with clusters.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request, tmp_path):
    """An empty database of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/mirror.sqlite"
        return
    url = clusters.make_database(request.getfixturevalue("postgres_server"))
    yield url
    clusters.drop_database(url)
