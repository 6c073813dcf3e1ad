"""Warming up: a machine that has never drawn a selfie has the renderer's cache afterwards, and nothing runs on."""

from deepselfie import warm


def test_a_new_machine_is_warm_afterwards(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert warm.warm_up().wait(120) == 0
    assert list((tmp_path / "deepselfie").glob("body-*.npz"))
