"""Keys of records: TIDs by their form, the same in every process, one a text; and who has no account is told so.

More of a service in test_bluesky and tests/network."""

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepselfie.errors import DeepselfieError
from deepselfie.sources.xrpc import Service, key_of

TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")  # the specification of the AT Protocol


@given(st.text())
def test_a_key_is_a_tid(uri):
    assert TID.fullmatch(key_of(uri)) and key_of(uri) == key_of(uri)


def test_keys_differ_and_are_the_same_in_another_process():
    uris = [f"at://did:plc:ann/app.bsky.feed.post/{i}" for i in range(1000)]
    assert len({key_of(uri) for uri in uris}) == 1000
    code = f"from deepselfie.sources.xrpc import key_of; print(key_of({uris[0]!r}))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == key_of(uris[0])


def test_without_an_account_it_says_what_to_do(monkeypatch):
    monkeypatch.delenv("DEEPSELFIE_BLUESKY_HANDLE", raising=False)
    with pytest.raises(DeepselfieError, match="DEEPSELFIE_BLUESKY_PASSWORD"):
        Service("http://localhost:9").me  # noqa: B018
