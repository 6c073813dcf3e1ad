"""The key of a reply: a TID by its form, the same in every process, one a mention. More in tests/network."""

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepselfie.bot.bluesky import Bluesky, rkey
from deepselfie.errors import DeepselfieError

TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")  # the specification of the AT Protocol


@given(st.text())
def test_a_key_is_a_tid(uri):
    assert TID.fullmatch(rkey(uri)) and rkey(uri) == rkey(uri)


def test_keys_differ_and_are_the_same_in_another_process():
    uris = [f"at://did:plc:ann/app.bsky.feed.post/{i}" for i in range(1000)]
    assert len({rkey(uri) for uri in uris}) == 1000
    code = f"from deepselfie.bot.bluesky import rkey; print(rkey({uris[0]!r}))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == rkey(uris[0])


def test_without_an_account_it_says_what_to_do(monkeypatch):
    monkeypatch.delenv("DEEPSELFIE_BLUESKY_HANDLE", raising=False)
    with pytest.raises(DeepselfieError, match="DEEPSELFIE_BLUESKY_PASSWORD"):
        Bluesky("http://localhost:9")
