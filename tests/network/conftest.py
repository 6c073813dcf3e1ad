"""The network that tests post on: started once, for all of them."""

import os

import pytest

from tests.network import dev_network
from tests.network import selfies as rendered


@pytest.fixture(scope="session")
def bluesky():
    """URLs of a real network on loopback, `bluesky.pds`, `.appview` and `.plc`; see posting for what to do there."""
    if lacking := dev_network.missing():
        stop = pytest.fail if os.environ.get("CI") else pytest.skip
        stop(f"the tests of networks need: {lacking}")
    with dev_network.running() as network:
        yield network


@pytest.fixture(scope="session")
def selfies(tmp_path_factory):
    """selfies(n): the first n JPEGs of a row of selfies of nobody, all different, drawn only once."""
    folder = tmp_path_factory.mktemp("selfies")

    def first(n: int) -> list[bytes]:
        files = [folder / f"{i}.jpg" for i in range(n)]
        if not all(file.exists() for file in files):
            for file, data in zip(files, rendered.selfies(n), strict=True):
                file.write_bytes(data)
        return [file.read_bytes() for file in files]

    return first
