import io
import struct
import zlib

import numpy as np
import pyarrow as pa
import pytest
import skimage.data
import torch
from PIL import Image

from deepselfie import layout, models, yours
from deepselfie.embed import embed
from deepselfie.errors import DeepselfieError
from deepselfie.pictures import rgb
from deepselfie.score import Scorer
from deepselfie.world import world


def encoded(image, kind="JPEG", **options):
    out = io.BytesIO()
    Image.fromarray(image).save(out, kind, **options)
    return out.getvalue()


def png_bomb(side=60_000):
    """A PNG of 60,000 × 60,000 px that weighs a few bytes."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_astronaut_has_one_face_where_it_is(kind):
    photo = yours.look(encoded(skimage.data.astronaut(), kind))
    (face,) = photo.faces
    assert 0.35 < face["x"] + face["w"] / 2 < 0.55 and 0.1 < face["y"] + face["h"] / 2 < 0.35
    assert photo.image.shape == (512, 512, 3) and photo.attributes["faces"] == 1
    assert photo.attributes["face_share"] == pytest.approx(face["h"])


def test_a_photo_on_its_side_is_put_upright_by_its_exif():
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = encoded(np.rot90(skimage.data.astronaut()[:, 80:400], 1), exif=exif)
    photo = yours.look(lying)
    assert photo.image.shape[:2] == (512, 320) and len(photo.faces) == 1


def test_a_large_photo_has_the_same_face_as_a_small_one():
    small = yours.look(encoded(skimage.data.astronaut())).faces[0]
    large = yours.look(encoded(np.asarray(Image.fromarray(skimage.data.astronaut()).resize((3000, 3000))))).faces[0]
    assert all(abs(small[side] - large[side]) < 0.06 for side in "xywh")


def test_a_picture_without_a_face_has_none_and_is_measured_all_the_same():
    photo = yours.look(encoded(skimage.data.coffee()))
    assert photo.faces == [] and photo.attributes["face_share"] is None and 0 < photo.attributes["brightness"] < 1


HOSTILE = {
    "nothing": b"",
    "text": b"<html>hello</html>" * 50,
    "half a JPEG": encoded(skimage.data.astronaut())[:9000],
    "a GIF, which is not read here": encoded(skimage.data.astronaut(), "GIF"),
    "PostScript, which a decoder would run": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\nshowpage\n",
    "a bomb": png_bomb(),
    "a small bomb, which would take 300 MB": png_bomb(9_990),
    "too small": encoded(np.zeros((20, 400, 3), np.uint8), "PNG"),
    "too many bytes": b"\xff\xd8\xff" + bytes(yours.MAX_MEGABYTES * 1_000_000),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_uploads_are_refused_in_plain_words(what):
    with pytest.raises(DeepselfieError) as refused:
        yours.look(HOSTILE[what])
    words = str(refused.value)
    assert words[0].isupper() and words.rstrip().endswith((".", "WebP.")) and len(words) < 300
    assert "Traceback" not in words and "0x" not in words


def test_what_is_offered_can_be_read():
    assert {"jpg", "jpeg", "png", "webp"} <= set(yours.file_types())


@pytest.mark.parametrize(
    "percentile, words",
    [(99.5, "top 1 %"), (93, "top 7 %"), (71, "7 in 10"), (50, "5 in 10"), (12, "1 in 10"), (3, "below most")],
)
def test_a_percentile_in_words(percentile, words):
    assert words in yours.in_words(percentile)


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A network as it is born, and a world of 40 tinted astronauts that it has scored."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPSELFIE_CACHE", str(tmp_path_factory.mktemp("cache")))
        torch.manual_seed(0)
        w, rng = world("tints"), np.random.default_rng(0)
        models.save(
            models.build("lite0", pretrained=False).eval(),
            w.model_path,
            {"calibration": {"slope": 1.0, "intercept": 0.0}},
        )
        scorer = Scorer(w.model_path)
        tints = skimage.data.astronaut()[None, ::4, ::4] * rng.uniform(0.2, 1, (40, 1, 1, 3))
        images = [encoded(tint.astype(np.uint8), "PNG") for tint in tints]
        scores = scorer.score([rgb(image) for image in images])
        w.append(pa.table({"id": [f"t:{i}" for i in range(40)], "image": pa.array(images, pa.large_binary())}))
        fc7 = pa.FixedSizeListArray.from_arrays(
            pa.array(np.asarray(scores.fc7, np.float16).ravel()), scores.fc7.shape[1]
        )
        w.set_columns(pa.table({"score": pa.array(np.asarray(scores.score), pa.float32()), "fc7": fc7}))
        embed(w)
        layout.layout(w)
        yield w, scorer, images


def test_a_photo_of_the_world_itself_is_put_where_it_already_stands(judged):
    w, scorer, images = judged
    places = np.array(w.read(["tsne"])["tsne"].to_pylist())
    for row in (0, 13, 39):
        found = yours.judge(w, yours.look(images[row]), scorer)
        assert 0 <= found.low <= found.score <= found.high <= 1 and found.n == 40
        assert found.score == pytest.approx(w.take([row], ["score"])["score"][0].as_py(), abs=1e-3)
        assert abs(found.rank - layout.rank_of(w, row)) <= 1
        assert found.percentile == pytest.approx(100 * (39.5 - layout.rank_of(w, row)) / 40, abs=3)
        assert found.neighbours[0] == row and len(found.neighbours) == len(set(found.neighbours)) == 12
        assert (np.abs(found.place) <= np.abs(places).max() * 1.5).all()


def test_a_world_without_a_map_still_judges(judged):
    w, scorer, images = judged
    (w.path / "embedding.npz").rename(w.path / "gone.npz")
    found = yours.judge(w, yours.look(images[3]), scorer)
    (w.path / "gone.npz").rename(w.path / "embedding.npz")
    assert found.place is None and 0 < found.score < 1


def test_nothing_of_a_photo_is_left_on_disk(judged, monkeypatch, tmp_path):
    w, scorer, images = judged
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = {path: path.stat().st_mtime_ns for path in w.path.parent.rglob("*")}
    yours.judge(w, yours.look(images[5]), scorer)
    assert {path: path.stat().st_mtime_ns for path in w.path.parent.rglob("*")} == before
    assert not list(tmp_path.iterdir())
