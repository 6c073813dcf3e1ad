"""A category of Wikimedia Commons comes in; out come its free pictures, each with name, licence, credit and source.

GET /w/api.php?action=query&generator=categorymembers&prop=imageinfo, through `continue`. The licence is what Commons
says of the file: CC0, CC BY, CC BY-SA and the public domain are taken, anything else is left out and counted. Pictures
come as a copy PIXELS wide where the original is larger, as Wikimedia asks of those who need no more.

Tested against a server on loopback that answers in the shapes of the API's documentation, not against Commons itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from deepselfie.errors import DeepselfieError
from deepselfie.sources import Photo
from deepselfie.sources.fetch import fetch, get_json, on_loopback
from deepselfie.sources.folder import pretty
from deepselfie.sources.markup import plain
from deepselfie.sources.optout import OptOuts

SERVICE = "https://commons.wikimedia.org"
PAGE = 50  # files an answer
PIXELS = 1280  # one of the widths that Wikimedia keeps ready
TYPES = {"image/jpeg", "image/png", "image/webp", "image/tiff", "image/gif"}
CREDITLESS = r"(cc0|cc[ -]zero)\b.*|public domain.*|pd\b.*"
FREE = re.compile(rf"{CREDITLESS}|cc[ -]by([ -]sa)?([ -]\d[\d.,-]*( \w+)?)?", re.IGNORECASE)
FACTS = "Artist|Credit|LicenseShortName|LicenseUrl|ObjectName|DateTimeOriginal"


def photos(category: str, *, service: str = SERVICE) -> Iterator[Photo]:
    """The free pictures of `category` ("Category:" may be left out), not those of the categories in it.

    Raises Refused and Unreachable where the service does not answer, DeepselfieError where it is none or knows no such
    category."""
    title = f"Category:{re.sub(r'^category:', '', category.strip(), flags=re.IGNORECASE)}"
    asked = {
        "action": "query",
        "format": "json",
        "formatversion": 2,
        "maxlag": 5,  # s that its copies may lag behind before we wait
        "generator": "categorymembers",
        "gcmtitle": title,
        "gcmtype": "file",
        "gcmlimit": PAGE,
        "prop": "imageinfo",
        "iiprop": "url|size|mime|extmetadata|user",
        "iiurlwidth": PIXELS,
        "iiextmetadatafilter": FACTS,
        "iiextmetadatalanguage": "en",
    }
    more, batch, any_yet, loopback = {}, {}, False, on_loopback(service)
    while more is not None:
        answer = get_json(f"{service.rstrip('/')}/w/api.php", asked | more, loopback=loopback)
        if not isinstance(answer, dict) or "error" in answer or not isinstance(answer.get("query", {}), dict):
            raise DeepselfieError(f"{service} does not answer as Wikimedia Commons does{_said(answer)}.")
        for page in answer.get("query", {}).get("pages", []):
            key = page.get("pageid") if isinstance(page, dict) else str(page)
            batch[key] = batch.get(key, {}) | (page if isinstance(page, dict) else {})
        following = answer.get("continue")
        more = following if following != more else None
        if more is None or "batchcomplete" in answer:  # else the next answer says more of the same files
            any_yet = any_yet or bool(batch)
            yield from _read(batch, loopback)
            batch = {}
    if not any_yet:
        raise DeepselfieError(f"There are no files in {title} of {service}. Look there for how it is written.")


def _read(pages: dict, loopback: bool) -> Iterator[Photo]:
    opt_outs = OptOuts()
    for key, page in pages.items():
        try:
            yield _photo(page, opt_outs, loopback)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):  # not as pages are
            yield Photo(str(key), None, problem="is no proper file")


def _photo(page: dict, opt_outs: OptOuts, loopback: bool) -> Photo:
    """A file of the category, or the reason why it is left out. Raises as dictionaries do where it is none."""
    info, title = page["imageinfo"][0], page["title"]
    facts = {key: plain(str(fact.get("value", ""))) for key, fact in info.get("extmetadata", {}).items()}
    source, licence = info["descriptionurl"], facts.get("LicenseShortName", "")
    artist, terms = facts.get("Artist") or info.get("user") or "", facts.get("LicenseUrl", "")
    photo = Photo(
        str(page["pageid"]),
        partial(fetch, info.get("thumburl") or info["url"], loopback=loopback),
        place=title,
        name=pretty(_name(facts.get("ObjectName") or re.sub(r"^\w+:|\.\w+$", "", title))),
        created_at=_moment(facts.get("DateTimeOriginal", "")),
        url=source,
        licence=licence,
        credit=", ".join(filter(None, [artist, "Wikimedia Commons"])) + (f" ({terms})" if terms else ""),
        author=info.get("user"),
    )
    if not FREE.fullmatch(licence):
        photo.problem = f"is not under a free licence ({licence or 'none given'})"
    elif not artist and not re.fullmatch(CREDITLESS, licence, re.IGNORECASE):
        photo.problem = "wants a credit but does not say whose"
    elif info["mime"] not in TYPES:
        photo.problem = f"is no photo ({info['mime']})"
    else:
        photo.problem = opt_outs.reason(source, title, f"User:{info.get('user')}", artist)
    return photo


def _name(title: str) -> str:
    """Who is in a file by its title: what stands before a comma, a dash or a bracket."""
    return re.split(r"\s*(?:[,(\[;]| [-–—] )", title.strip())[0] or title


def _moment(text: str) -> datetime | None:
    """The time a photo was taken, where it is written as one (UTC is assumed)."""
    try:
        made = datetime.fromisoformat(text.strip().replace(":", "-", 2) if text[4:5] == ":" else text.strip())
    except ValueError:
        return None
    return made.replace(tzinfo=UTC) if made.tzinfo is None else made.astimezone(UTC)


def _said(answer: object) -> str:
    error = answer.get("error") if isinstance(answer, dict) else None
    return f": {str(error.get('info', ''))[:200]}" if isinstance(error, dict) else ""
