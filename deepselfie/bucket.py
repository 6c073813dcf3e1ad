"""Tables in object stores, at s3://bucket/path/NAME.lance: opened and written with bounded waiting, errors for people.

Lance itself reads keys, region and endpoint from the usual variables: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_REGION, AWS_ENDPOINT_URL, and AWS_ALLOW_HTTP=true where the endpoint has no TLS. Two writers cannot take each
other's commit away: the store must know conditional puts (If-None-Match), as S3, R2, MinIO and Ceph do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import lance

from deepselfie.errors import DeepselfieError

# Lance alone would try for minutes; a store that does not answer within these does not answer.
WAITING = {"connect_timeout": "5s", "timeout": "60s", "client_max_retries": "3", "client_retry_timeout": "20"}
VARIABLES = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and, unless it is Amazon's, AWS_ENDPOINT_URL"
# What Lance's messages say, and what to do about it.
CAUSES = (
    ("NoSuchBucket", "there is no such bucket. Make it first, or mend the address."),
    ("CredentialsNotLoaded|no providers in chain", f"there are no keys for it. Set {VARIABLES}."),
    ("InvalidAccessKeyId|SignatureDoesNotMatch", f"the store does not take these keys. Look at {VARIABLES}."),
    ("AccessDenied|403 Forbidden|Unauthenticated|Unauthorized", "these keys may not do that there."),
    (
        "HTTP error|error sending request|timed out|timeout|Connect|dns",
        f"the store does not answer. Look at the network, at {VARIABLES}, and for http:// set AWS_ALLOW_HTTP=true.",
    ),
)


def is_address(location: str) -> bool:
    return "://" in location


def check_address(uri: str) -> None:
    """Raises DeepselfieError for what is no place for a table in an object store."""
    if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/\s?#]+)+\.lance", uri):
        raise DeepselfieError(f"'{uri}' is no place for a table: give s3://BUCKET/PATH/NAME.lance.")


def options(location: str) -> dict[str, str] | None:
    """Lance's storage_options of a table: None for one on this machine's disk."""
    return WAITING if is_address(location) else None


def opened(uri: str) -> lance.LanceDataset | None:
    """The table at an address, or None where there is none yet. Raises DeepselfieError where it cannot be known."""
    with plainly(uri):
        try:
            return lance.dataset(uri, storage_options=options(uri))
        except ValueError as error:
            if "was not found" in str(error) and "NoSuchBucket" not in str(error):
                return None
            raise


@contextmanager
def plainly(location: str) -> Iterator[None]:
    """Lance's errors about an object store, as DeepselfieError; those about a table on disk pass as they are."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        if not is_address(location):
            raise
        text = str(error)
        for sign, cause in CAUSES:
            if re.search(sign, text):
                raise DeepselfieError(f"{location}: {cause}") from error
        raise DeepselfieError(f"{location}: {text.splitlines()[0][:300]}") from error
