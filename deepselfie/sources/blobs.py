"""An account and a picture's content id come in; out comes the very file that was posted, from the account's server.

A content id holds the SHA-256 of the file, so nobody on the way can hand out another one. Which server an account has
is written in its DID document, by anybody: what lies there is fetched as guardedly as any link.
"""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from urllib.parse import urlencode

from atproto_core.cid import CID
from atproto_core.did_doc import DidDocument

from deepselfie.sources.fetch import fetch, get_json
from deepselfie.sources.guard import Refused

DIRECTORY = "DEEPSELFIE_PLC"  # the address of another directory than the public one, for a network of one's own
PUBLIC_DIRECTORY = "https://plc.directory"
SHA256 = 0x12  # the multihash code


def original(did: str, cid: str, *, loopback: bool = False) -> bytes:
    """The file with content id `cid` that the account `did` posted. Raises Refused and Unreachable."""
    query = urlencode({"did": did, "cid": cid})
    try:
        data = fetch(f"{home(did, loopback)}/xrpc/com.atproto.sync.getBlob?{query}", loopback=loopback)
    except Refused as error:
        raise type(error)(error.reason.split(":")[0]) from error  # what follows may name the account
    if not is_of(cid, data):
        raise Refused("is not the one that was posted")
    return data


def is_of(cid: str, data: bytes) -> bool:
    """Whether `data` is what the content id stands for."""
    try:
        multihash = CID.decode(cid).hash
    except ValueError:
        return False
    return multihash.code == SHA256 and bytes(multihash.digest) == hashlib.sha256(data).digest()


@lru_cache(maxsize=1000)  # accounts move, now and then: not remembered for long
def home(did: str, loopback: bool = False) -> str:
    """The address of the server that keeps an account's files. Raises Refused and Unreachable."""
    if did.startswith("did:web:"):
        url = f"https://{did.removeprefix('did:web:')}/.well-known/did.json"
    else:
        url = f"{os.environ.get(DIRECTORY, PUBLIC_DIRECTORY).rstrip('/')}/{did}"
    document = get_json(url, loopback=loopback)
    try:
        endpoint = DidDocument.from_dict(document).get_pds_endpoint()
    except ValueError:  # pydantic's errors are of this kind
        endpoint = None
    if not isinstance(document, dict) or document.get("id") != did or not endpoint:
        raise Refused("is of an account without a server")
    return endpoint.rstrip("/")
