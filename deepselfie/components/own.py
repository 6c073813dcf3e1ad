"""A visitor's own photos on a page: asked for, compared, edited, explained. Everything here is Streamlit; what it shows
is computed elsewhere, and remembered in the visitor's session alone while the photos are on the page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st

from deepselfie import figures, saliency, sharecard, strip, texts, traits, whatif, yours
from deepselfie.components.explore import held, held_scorer, mark_of, once
from deepselfie.components.imagemap import image_map
from deepselfie.components.parts import chart
from deepselfie.components.paste import paste_to_upload
from deepselfie.edits import EDITS
from deepselfie.errors import DeepselfieError
from deepselfie.layout import order, rank_of
from deepselfie.models import Network
from deepselfie.pictures import square
from deepselfie.summary import percent
from deepselfie.world import World

MOST = 8  # photos at once: 25 MB a visitor
CAMERA = "Camera"


@dataclass(frozen=True)
class Own:
    """One of the visitor's photos; key: of its bytes, unlike that of any other."""

    key: str
    photo: yours.Photo


def ask_for_photos() -> list[Own]:
    """What the visitor uploads, drops, pastes or takes, as far as it can be read and shows a face, or is asked for.

    Says what is wrong with the others."""
    how = st.segmented_control("Your photos", ["Upload", CAMERA], default="Upload", required=True, key="how")
    if how == CAMERA:
        given = [taken] if (taken := st.camera_input("Take a photo")) else []
    else:
        label = f"A photo from this device, or several to compare, up to {yours.MAX_MEGABYTES} MB each"
        given = st.file_uploader(
            label, type=yours.file_types(), max_upload_size=yours.MAX_MEGABYTES, accept_multiple_files=True
        )
        paste_to_upload()
    if len(given) > MOST:
        st.info(f"These are the first {MOST} of your {len(given)} photos.")
    files = {hashlib.sha256(file.getvalue()).hexdigest()[:16]: file for file in given[:MOST]}
    old = st.session_state.get("looked", {})  # what is no longer given is forgotten
    looked = {key: old[key] if key in old else _look(file.getvalue()) for key, file in files.items()}
    st.session_state["looked"] = looked
    for key, photo in looked.items():
        if isinstance(photo, str):
            st.error(f"{files[key].name}: {photo}" if len(files) > 1 else photo, icon="🙈")
    found = [Own(key, photo) for key, photo in looked.items() if isinstance(photo, yours.Photo)]
    faceless = [own for own in found if not own.photo.faces]
    if faceless:
        names = "" if len(files) == 1 else f" ({', '.join(files[own.key].name for own in faceless)})"
        st.warning(texts.NO_FACE.format(names), icon="🫥")
        if not st.toggle("Score it all the same", key="anyway"):
            found = [own for own in found if own.photo.faces]
    return found


def judged(world: World, owns: list[Own]) -> list[yours.Verdict]:
    """Their verdicts; new photos go through the network together."""
    model = f"{world.name} {world.table.version}"
    old = st.session_state.get("verdicts", {})
    keys = {own.key: f"{model} {own.key}" for own in owns}
    new = [own for own in owns if keys[own.key] not in old]
    fresh = yours.judge_all(world, [own.photo for own in new], held_scorer(world)) if new else []
    known = old | {keys[own.key]: verdict for own, verdict in zip(new, fresh, strict=True)}
    st.session_state["verdicts"] = {key: known[key] for key in keys.values()}
    return list(st.session_state["verdicts"].values())


def compare(world: World, owns: list[Own], verdicts: list[yours.Verdict]) -> int:
    """Shows several photos, the best first, and returns the number of the one that the visitor looks closer at."""
    first, ahead = yours.best_first(verdicts), yours.may_be_best(verdicts)
    place = {i: number for number, i in enumerate(first, 1)}
    st.markdown(texts.compared([place[i] for i in ahead], len(owns)))
    cards = [
        {
            "url": strip.data_url(owns[i].photo.image, 320),
            "title": f"{place[i]}: {percent(verdicts[i].score, 0)}",
            "text": f"{percent(verdicts[i].low, 0)} to {percent(verdicts[i].high, 0)}, "
            f"{yours.in_words(verdicts[i].percentile).partition(':')[0]}",
            "score": verdicts[i].score,
            "low": verdicts[i].low,
            "high": verdicts[i].high,
            "ahead": i in ahead,
        }
        for i in first
    ]
    st.html(strip.compared(cards))
    here = [(verdicts[i].rank, strip.data_url(owns[i].photo.image, 128)) for i in first]
    st.html(strip.strip(world, strip.even_ranks(verdicts[0].n, 20), here=here))
    number = st.segmented_control(
        "Look closer at", list(range(1, len(owns) + 1)), default=1, required=True, key="which"
    )
    return first[min(number, len(owns)) - 1]


def result(world: World, own: Own, verdict: yours.Verdict, *, placed: bool) -> None:
    """The photo, its score and what that means, a card to share; placed: with its place from best to worst."""
    left, right = st.columns([1, 2], gap="large")
    left.html(_picture(strip.data_url(own.photo.image, 512), "Your photo"))
    left.download_button(
        "A card to share", lambda: sharecard.card(own.photo.image, verdict, world.name), "selfie-score.png",
        "image/png", icon="🖼️", on_click="ignore", key=f"card {own.key}",
    )  # fmt: skip
    right.metric("Score", percent(verdict.score, 0), help=texts.SCORE)
    right.markdown(texts.verdict(verdict))
    scores = world.take(order(world), ["score"])["score"].to_numpy()
    figure = figures.score_histogram(scores, mark=verdict.score, band=(verdict.low, verdict.high))
    chart(figure, "All scores, with yours marked", right)
    if placed:
        st.subheader("Where it stands, from best to worst")
        here = [(verdict.rank, strip.data_url(own.photo.image, 128))]
        st.html(strip.strip(world, strip.even_ranks(verdict.n, 20), here=here))


@st.fragment
def what_if(world: World, own: Own, verdict: yours.Verdict) -> None:
    """Sliders of edits, with the score following, and the single edits that would raise it most."""
    st.subheader("What if …")
    with _errors_told():
        scorer = held_scorer(world)
        left, right = st.columns([1, 2], gap="large")
        with right:
            halves = st.columns(2, gap="medium")
            wanted = {edit: _slider(own, edit, halves[i % 2]) for i, edit in enumerate(whatif.SLIDERS)}
            st.button("As it was", on_click=_set_sliders, args=(own, {}), disabled=not any(wanted.values()))
        image, after = own.photo.image, (verdict.score, verdict.low, verdict.high)
        if any(wanted.values()):
            image = whatif.edited(own.photo, wanted)
            scores = scorer.score([image])
            after = float(scores.score[0]), float(scores.low[0]), float(scores.high[0])
        left.html(_picture(strip.data_url(image, 512), "Your photo, edited"))
        left.markdown(texts.edited(verdict.score, *after))
        _improvements(world, own, scorer)


def _improvements(world: World, own: Own, scorer) -> None:
    st.markdown("**The single edits that would raise it most**")
    better = once("improvements", (world.name, own.key), lambda: whatif.improvements(own.photo, scorer))
    if not better:
        st.markdown(texts.NOTHING_RAISES)
    for column, one in zip(st.columns(whatif.TOLD), better, strict=False):
        column.html(_picture(strip.data_url(one.image, 256), one.said))
        column.markdown(f"{one.said}: **{100 * one.gain:+.0f} points**")
        if one.edit in whatif.SLIDERS:
            column.button("Try it", on_click=_set_sliders, args=(own, {one.edit: one.amount}), key=f"try {one.edit}")
    st.caption(texts.WHAT_IF)


@st.fragment
def where_it_looked(world: World, own: Own) -> None:
    """Maps of what the score rests on, drawn when asked for; those that fail a check are withheld."""
    st.subheader("What it looked at")
    if not st.toggle("Show what the score rests on", key=f"saliency {own.key}"):
        st.caption(texts.SALIENCY)
        return
    drawn = {}
    with _errors_told(), st.spinner("Covering parts of your photo …"):
        drawn = once("saliency", (world.name, own.key), lambda: _maps(world, own))
    columns = st.columns(3)
    columns[0].html(_picture(strip.data_url(own.photo.image, 512), "Your photo"))
    for column, (name, one) in zip(columns[1:], drawn.items(), strict=False):
        column.markdown(f"**{texts.SALIENCY_NAMES[name]}**")
        if one.withheld:
            column.info(texts.WITHHELD.format(one.withheld), icon="🫣")
        else:
            column.html(_picture(strip.data_url(saliency.lit(own.photo.image, one.heat), 512), name))
    with st.expander("How to read this, and how it was checked"):
        st.markdown(texts.SALIENCY_HOW)


def facts(world: World, own: Own) -> None:
    """Measured facts with what they did to the score, and the article's advice."""
    st.subheader("What could be measured")
    rows = traits.measured(world, own.photo.attributes)
    st.table(rows, hide_index=True)
    if traits.DID in rows[0]:
        st.caption(texts.MEASURED)
    st.subheader("The article's advice, applied to it")
    st.table(traits.advised(world, own.photo.attributes), hide_index=True)


def surroundings(world: World, own: Own, verdict: yours.Verdict) -> None:
    """Its nearest photos, and its place on the map."""
    if not verdict.place:
        st.caption(texts.NO_PLACE)
        return
    st.subheader("The nearest selfies, in the network's eyes")
    ranks = [rank_of(world, row) for row in verdict.neighbours]
    image_map(world, layouts=["gallery"], ranks=ranks, thumb=84, height=200, tools=False, linked=False, key="nearest")
    st.subheader("Its place on the map")
    layouts = ["tsne", "snapped", "continuum"]
    image_map(world, layouts=layouts, mark=mark_of(own.photo, verdict), height=560, key="yours-map")


def _look(data: bytes) -> yours.Photo | str:
    """The photo, or what is wrong with it."""
    try:
        return yours.look(data)
    except DeepselfieError as error:
        return str(error)


def _maps(world: World, own: Own) -> dict[str, saliency.Map]:
    scorer, (network, scrambled) = held_scorer(world), held(world, _with_scrambled)
    return saliency.maps(square(own.photo.image, scorer.size), scorer.look, network, scrambled)


def _with_scrambled(network: Network, card: dict) -> tuple[Network, Network]:
    return network, saliency.scramble(network)


def _slider(own: Own, edit: str, place) -> float:
    low, high = whatif.bounds(edit)
    unit, step = EDITS[edit].unit, {"%": 0.01, "stops": 0.1, "°": 0.5}[EDITS[edit].unit]
    form = "percent" if unit == "%" else f"%.1f {unit}"
    st.session_state.setdefault(_slider_key(own, edit), 0.0)
    return place.slider(texts.SLIDERS[edit], low, high, step=step, format=form, key=_slider_key(own, edit))


def _slider_key(own: Own, edit: str) -> str:
    return f"what if {own.key} {edit}"


def _set_sliders(own: Own, wanted: dict[str, float]) -> None:
    for edit in whatif.SLIDERS:
        st.session_state[_slider_key(own, edit)] = float(wanted.get(edit, 0))


@contextmanager
def _errors_told() -> Iterator[None]:
    """A part of the page says what went wrong in it: it may run again without the rest of the page."""
    try:
        yield
    except DeepselfieError as error:
        st.error(str(error), icon="🙈")


def _picture(url: str, alt: str) -> str:
    return f'<img src="{url}" alt="{alt}" style="width: 100%; max-width: 340px; border-radius: 12px">'
