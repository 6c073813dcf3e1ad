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
