import numpy as np
import pytest

from deepselfie import figures


def drawn(figure, n=0):
    return np.asarray(figure.data[n].x, float), np.asarray(figure.data[n].y, float)


def test_calibration_has_a_point_a_bin_a_diagonal_and_intervals_that_hold_the_point():
    predicted, observed, count = [0.3, 0.5, 0.7], [0.25, 0.5, 0.9], [40, 400, 10]
    figure = figures.calibration(predicted, observed, count)
    assert drawn(figure)[0].tolist() == drawn(figure)[1].tolist() == [0, 1]
    x, y = drawn(figure, 1)
    assert x.tolist() == predicted and y.tolist() == observed
    up, down = figure.data[1].error_y.array, figure.data[1].error_y.arrayminus
    assert (np.asarray(up) >= 0).all() and (np.asarray(down) >= 0).all()
    assert up[1] + down[1] < up[0] + down[0]  # more photos, less doubt
    assert figure.data[1].marker.size[1] == max(figure.data[1].marker.size)


def test_a_bin_of_all_good_keeps_its_interval_inside_0_and_1():
    figure = figures.calibration([0.9], [1.0], [3])
    assert figure.data[1].error_y.array[0] == pytest.approx(0)
    assert 0 < 1 - figure.data[1].error_y.arrayminus[0] < 1


def test_training_curves_count_epochs_from_one_and_mark_the_kept_one():
    figure = figures.training_curves({"train": [0.7, 0.6, 0.5], "validation": [0.69, 0.65, 0.66]}, best=1)
    assert [trace.name for trace in figure.data] == ["train", "validation"]
    assert drawn(figure, 1)[0].tolist() == [1, 2, 3] and drawn(figure, 1)[1].tolist() == [0.69, 0.65, 0.66]
    assert figure.layout.shapes[0].x0 == 2


def test_the_histogram_counts_every_photo_and_marks_yours():
    scores = np.random.default_rng(0).beta(5, 5, 3000)
    figure = figures.score_histogram(scores, mark=0.4, band=(0.3, 0.5))
    assert drawn(figure)[1].sum() == 3000
    band, line = figure.layout.shapes
    assert (band.x0, band.x1) == (0.3, 0.5) and line.x0 == line.x1 == 0.4


def test_a_world_of_equal_scores_has_a_histogram():
    assert drawn(figures.score_histogram([0.5] * 7))[1].sum() == 7


@pytest.mark.parametrize("ceiling", [0.65, None])
def test_accuracy_shows_its_interval_and_what_it_is_measured_against(ceiling):
    figure = figures.accuracy(0.617, 0.598, 0.636, ceiling=ceiling)
    bar = figure.data[0].error_x
    assert figure.data[0].x[0] - bar.arrayminus[0] == pytest.approx(0.598)
    assert figure.data[0].x[0] + bar.array[0] == pytest.approx(0.636)
    assert list(figure.layout.xaxis.tickvals) == [0.5, 0.6] + ([0.65] if ceiling else [])
    low, high = figure.layout.xaxis.range
    assert low < 0.5 and high > 0.65


def effect(value, is_found=True):
    return {"points": [value, value - 3, value + 2], "found": is_found, "n": 1234}


def test_the_forest_has_a_panel_a_column_and_a_point_an_effect_with_its_interval():
    rows = [
        {"label": "Border", "labels": effect(9), "scores": effect(7), "edits": effect(-4) | {"said": "Border, 10 %"}},
        {"label": "Tilt", "labels": effect(1, False), "scores": None, "edits": None},
    ]
    figure = figures.forest(rows, {"labels": "likes", "scores": "scores", "edits": "edited"})
    points = [(t.xaxis, x, y, t.marker.color, t) for t in figure.data for x, y in zip(t.x, t.y, strict=True)]
    places = sorted((axis, x, y, colour) for axis, x, y, colour, _ in points)
    assert places == [
        ("x", 1, 1, figures.QUIET),
        ("x", 9, 2, figures.GOOD),
        ("x2", 7, 2, figures.GOOD),
        ("x3", -4, 2, figures.BAD),
    ]
    for _, _, _, _, trace in points:
        assert trace.error_x.array[0] == 2 and trace.error_x.arrayminus[0] == 3
    said = " ".join(text for trace in figure.data for text in trace.customdata)
    assert "Border, 10 %: -4.0 points (-7.0 to -2.0)" in said and "1,234 photos" in said
    assert said.count("no measurable effect") == 1
    assert [a.text for a in figure.layout.annotations][-2:] == ["Border", "Tilt"]
    low, high = figure.layout.xaxis.range
    assert low == -high and high > 11


def test_an_empty_forest_is_a_figure():
    assert figures.forest([], {"labels": "likes"}).layout.xaxis.range == (-1.15, 1.15)


def test_dose_and_response_pass_through_the_photo_as_it_is():
    doses = [(-1.0, -5), (0.5, 2), (1.0, 6)]
    levels = [{"level": dose, "said": f"{dose}", "points": [value, value - 1, value + 1]} for dose, value in doses]
    figure = figures.dose_response(levels)
    x, y = drawn(figure, 1)
    assert x.tolist() == [-1, 0, 0.5, 1] and y.tolist() == [-5, 0, 2, 6]
    band = drawn(figure)[1]
    assert band.tolist() == [-6, 0, 1, 5, 7, 3, 0, -4]
    assert list(figure.layout.xaxis.ticktext) == ["-1.0", "1.0"]
