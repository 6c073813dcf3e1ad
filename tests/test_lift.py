import numpy as np
import pytest

from deepselfie.lift import apart, traits

N = 2000


def world(seed=0, **more):
    """Columns of N photos by chance: a number, a truth in 10 %, a choice; `more` are added."""
    rng, all_known = np.random.default_rng(seed), np.ones(N, bool)
    columns = {
        "brightness": rng.normal(0.5, 0.1, N),
        "border": rng.random(N) < 0.1,
        "truth.background": rng.choice(["room", "street", "beach"], N, p=[0.6, 0.3, 0.1]),
    }
    return {key: (all_known, values) for key, values in {**columns, **more}.items()}


def test_what_was_planted_is_found_strongest_first_with_its_figures():
    columns, members = world(), np.arange(200)
    columns["border"][1][:] = np.arange(N) < 160
    columns["brightness"][1][:200] -= 0.1
    first, second = apart(traits(columns), members)
    assert (first.key, first.value) == ("border", True) and (second.key, second.value) == ("brightness", "low")
    assert first.text == "Border: 80\u00a0% here, 8.0\u00a0% of all" and first.strength > second.strength > 0
    here, everywhere = columns["brightness"][1][:200].mean(), columns["brightness"][1].mean()
    assert second.text == f"Brightness: low, {100 * here:.0f}\u00a0% on average, {100 * everywhere:.0f}\u00a0% in all"


def test_a_mask_and_ranks_say_the_same():
    of = traits(world(noise=np.linspace(0, 1, N)))
    members = np.random.default_rng(1).permutation(N)[: N // 4] // 2
    mask = np.zeros(N, bool)
    mask[members] = True
    assert apart(of, mask) == apart(of, np.flatnonzero(mask)) != []


@pytest.mark.parametrize("n", [0, 1, 3, 10, 30, 100, 1000, N])
def test_handfuls_taken_by_chance_are_not_set_apart(n):
    of, rng = traits(world()), np.random.default_rng(n)
    named = sum(bool(apart(of, rng.choice(N, n, replace=False))) for _ in range(200))
    assert named <= 4


def test_a_small_set_must_be_further_apart_than_a_large_one():
    columns = world()
    columns["brightness"][1][:400] += 0.08
    of = traits(columns)
    assert not apart(of, np.arange(8)) and apart(of, np.arange(400))[0].key == "brightness"


def test_a_thing_is_said_once():
    framed = np.arange(N) < 100
    columns = world(border=framed, monochrome=framed ^ (np.arange(N) == 5))
    columns["truth.border"] = columns["border"][0], np.where(framed, "white", "none")
    columns["truth.filter"] = (
        columns["border"][0],
        np.where(framed, "bw", np.where(np.arange(N) < 1000, "warm", "none")),
    )
    assert [one.key for one in apart(traits(columns), framed)] == ["border"]


def test_of_a_choice_what_is_frequent_here_is_told():
    columns = world()
    members = columns["truth.background"][1] != "room"
    (only,) = apart(traits(columns), members)
    assert only.value == "street" and only.text.startswith("Background: street, 7") and "rare" not in only.text


def test_unknown_values_count_for_nothing():
    columns = world()
    known = np.arange(N) % 2 == 0
    columns["tilt"] = known, np.where(known, np.where(np.arange(N) < 200, 20.0, 0.0), np.nan)
    (found,) = apart(traits(columns), np.arange(200))
    assert found.text == "Head tilt: to the right, 20.0° on average, 2.0° in all"
    columns["tilt"] = ~known & known, columns["tilt"][1]
    assert "tilt" not in traits(columns).keys


def test_no_names_nor_answers_nor_circles_nor_what_all_share():
    hidden = {
        "name": np.arange(N).astype(str),
        "split": np.where(np.arange(N) < 100, "test", "train"),
        "cluster": np.where(np.arange(N) < 100, "dark", "bright"),
        "truth.quality": np.arange(N, dtype=float),
        "monochrome": np.zeros(N, bool),
    }
    assert set(traits(world(**hidden)).keys) == {"brightness", "border", "truth.background"}
    assert apart(traits({}), np.arange(3)) == []
