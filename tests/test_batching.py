import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from deepselfie import batching, models
from deepselfie.batching import SharedScorer
from deepselfie.errors import DeepselfieError
from deepselfie.score import Scorer


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A network as it is born."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("model")
    network = models.build("lite0", pretrained=False).eval()
    models.save(network, path, {"calibration": {"slope": 1.0, "intercept": 0.0, "error": 0.01}})
    return path


@pytest.fixture(scope="module")
def shared(folder):
    return SharedScorer(folder)


@pytest.fixture(scope="module")
def pictures():
    noise = np.random.default_rng(0).integers(0, 256, (20, 6, 6, 3), np.uint8)
    return noise.repeat(20, 1).repeat(20, 2)  # 120 px in coarse squares: each scores differently


def test_twenty_at_once_get_the_answers_that_they_would_get_alone(folder, shared, pictures):
    alone = Scorer(folder).score(list(pictures))
    everyone = threading.Barrier(20)

    def visit(i):
        everyone.wait()
        return shared.score([pictures[i], pictures[(i + 1) % 20]])

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(visit, range(20)))
    for i, found in enumerate(answers):
        at = [i, (i + 1) % 20]
        for name in ("score", "low", "high"):
            assert getattr(found, name) == pytest.approx(getattr(alone, name)[at], abs=0.01)
        assert found.fc7 == pytest.approx(alone.fc7[at].astype(float), abs=0.05 * float(alone.fc7.max()))
    assert len(np.unique(alone.logit)) > 10


@pytest.fixture
def counted(shared, monkeypatch):
    """A scorer whose network is a count: the logit of a picture is its first value. Gives the batches' sizes, too."""
    sizes, gate = [], threading.Event()

    def count(self, squares):
        gate.wait(10)
        sizes.append(len(squares))
        return np.zeros((len(squares), 2), np.float16), squares[:, 0, 0, 0].astype(np.float32)

    monkeypatch.setattr(Scorer, "look", count)
    return shared, sizes, gate


def squares(values):
    return np.tile(np.asarray(values, np.uint8)[:, None, None, None], (1, 4, 4, 3))


def test_each_gets_its_own_in_batches_that_are_shared(counted):
    scorer, sizes, gate = counted
    wanted = [np.arange(first, first + n) % 251 for first, n in ((0, 150), (7, 1), (9, 2), (30, 70), (200, 6))]
    with ThreadPoolExecutor(5) as pool:
        answers = [pool.submit(scorer.look, squares(values)) for values in wanted]
        while scorer._waiting < sum(map(len, wanted)):  # all have come before the first batch ends
            threading.Event().wait(0.001)
        gate.set()
        for values, answer in zip(wanted, answers, strict=True):
            assert answer.result(10)[1].tolist() == values.tolist()
    assert max(sizes) <= scorer.at_once and len(sizes) <= 1 + -(-229 // scorer.at_once)
    assert scorer._waiting == 0 and not scorer._requests


def test_a_few_pictures_do_not_wait_for_hundreds(counted):
    scorer, sizes, gate = counted
    with ThreadPoolExecutor(2) as pool:
        many = pool.submit(scorer.look, squares(np.zeros(1000)))
        while not scorer._computing:
            threading.Event().wait(0.001)
        few = pool.submit(scorer.look, squares([5, 6]))
        while scorer._waiting < 1002:
            threading.Event().wait(0.001)
        few.add_done_callback(lambda _: sizes.append("few"))
        gate.set()
        assert few.result(10)[1].tolist() == [5, 6] and len(many.result(10)[1]) == 1000
    assert sizes.index("few") <= 4 and len(sizes) > 1 + 1002 // scorer.at_once  # so many batches


def test_a_failure_is_told_to_those_it_hits_and_the_next_is_served(shared, monkeypatch):
    def fail(self, squares):
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(Scorer, "look", fail)
        with pytest.raises(RuntimeError, match="out of memory"):
            shared.look(squares([1]))
    assert len(shared.look(np.zeros((1, shared.size, shared.size, 3), np.uint8))[1]) == 1


def test_who_gives_up_is_not_served_any_further(counted, monkeypatch):
    scorer, sizes, gate = counted
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(scorer.look, squares(np.zeros(5)))
        while not scorer._computing:
            threading.Event().wait(0.001)
        monkeypatch.setattr(batching, "PATIENCE", 0.2)
        with pytest.raises(DeepselfieError, match="try again"):
            scorer.look(squares(np.zeros(1000)))
        gate.set()
        slow.result(10)
    assert sum(sizes) <= 5 + scorer.at_once and scorer._waiting == 0 and not scorer._requests


def test_who_would_wait_too_long_is_told_so_and_leaves_nothing_behind(counted, monkeypatch):
    scorer, _, gate = counted
    monkeypatch.setattr(batching, "PATIENCE", 0.2)
    monkeypatch.setattr(batching, "MOST_WAITING", 100)
    with ThreadPoolExecutor(3) as pool:
        slow = pool.submit(scorer.look, squares(np.zeros(60)))
        while not scorer._computing:
            threading.Event().wait(0.001)
        for size in (50, 20):  # no room for the first; the second has room, and nobody to serve it
            with pytest.raises(DeepselfieError, match="try again"):
                scorer.look(squares(np.zeros(size)))
        assert scorer._waiting == 60
        gate.set()
        assert len(slow.result(10)[1]) == 60
    assert scorer._waiting == 0 and not scorer._requests and not scorer._computing
