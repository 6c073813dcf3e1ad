"""Pictures of a category from a server on loopback that answers in the shapes of MediaWiki's API: the free ones, with
name, licence and credit."""

from datetime import UTC, datetime

import pytest

from deepselfie import cli
from deepselfie.errors import DeepselfieError
from deepselfie.sources import commons
from deepselfie.sources import fetch as fetching
from deepselfie.world import world
from tests.sources.loopback import reply, serve
from tests.sources.selfies import selfie

BY_SA = "https://creativecommons.org/licenses/by-sa/4.0"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


def page(n, base="", title=None, *, mime="image/jpeg", user="Uploader", **facts):
    """File number `n` as the API shows it; facts: its extmetadata, None for those it lacks."""
    title = title or f"File:Grace Hopper {n}.jpg"
    known = {
        "Artist": f'<a href="//commons.wikimedia.org/wiki/User:Ann" title="User:Ann">Ann&nbsp;Lee {n}</a>',
        "LicenseShortName": "CC BY-SA 4.0",
        "LicenseUrl": BY_SA,
        "DateTimeOriginal": "2020-03-04 05:06:07",
    } | facts
    metadata = {
        key: {"value": value, "source": "commons-desc-page"} for key, value in known.items() if value is not None
    }
    info = {
        "size": 123456, "width": 2000, "height": 2000, "thumbwidth": 1280, "thumbheight": 1280, "mime": mime,
        "thumburl": f"{base}/thumb/{n}.jpg", "url": f"{base}/original/{n}.jpg", "user": user, "extmetadata": metadata,
        "descriptionurl": f"https://commons.wikimedia.org/wiki/{title.replace(' ', '_')}",
        "descriptionshorturl": f"https://commons.wikimedia.org/w/index.php?curid={1000 + n}",
    }  # fmt: skip
    return {"pageid": 1000 + n, "ns": 6, "title": title, "imagerepository": "local", "imageinfo": [info]}


def wiki(pages, *, split=False):
    """A server with one category, "People": pages(base) -> its files. split: imageinfo comes an answer later."""

    def answer(asked, connection):
        base = f"http://{asked.headers['Host']}"
        if asked.path.startswith("/thumb/"):
            return reply(selfie(int(asked.path[7:-4])), Content_Type="image/jpeg")
        if asked.path != "/w/api.php" or asked.query["gcmtitle"] != "Category:People":
            return reply({"batchcomplete": True})
        first, of = int(asked.query.get("gcmcontinue", "page|0").split("|")[1]), int(asked.query["gcmlimit"])
        some, rest = pages(base)[first : first + of], len(pages(base)) > first + of
        if split and "iistart" not in asked.query:
            bare = [{key: value for key, value in one.items() if key != "imageinfo"} for one in some]
            more = {"iistart": "x", "continue": "||"} | ({"gcmcontinue": f"page|{first}"} if first else {})
            return reply({"continue": more, "query": {"pages": bare}})
        more = {"continue": {"gcmcontinue": f"page|{first + of}", "continue": "gcmcontinue||"}} if rest else {}
        return reply({"batchcomplete": True, **more, "query": {"pages": some}})

    return serve(answer)


def found(*pages, category="People"):
    with wiki(lambda base: list(pages)) as server:
        return list(commons.photos(category, service=server.url))


@pytest.mark.parametrize("split", [False, True])
def test_all_files_of_a_category_come_once(split):
    with wiki(lambda base: [page(n, base) for n in range(120)], split=split) as server:
        photos = list(commons.photos("category:People", service=server.url))
        assert [photo.id for photo in photos] == [str(1000 + n) for n in range(120)]
        assert [photo.problem for photo in photos] == [None] * 120
        assert len(server.asked) == (6 if split else 3)
        assert [photo.data() for photo in photos[:5]] == [selfie(n) for n in range(5)]
        assert {asked.query.get("maxlag") for asked in server.asked if asked.path == "/w/api.php"} == {"5"}


def test_name_licence_credit_and_source_are_what_the_file_page_says():
    (photo,) = found(page(7, title="File:grace_hopper-7.jpg"))
    assert photo.name == "Grace Hopper"
    assert photo.licence == "CC BY-SA 4.0"
    assert photo.credit == f"Ann Lee 7, Wikimedia Commons ({BY_SA})"
    assert photo.url == "https://commons.wikimedia.org/wiki/File:grace_hopper-7.jpg"
    assert photo.created_at == datetime(2020, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert photo.likes is photo.followers is None


@pytest.mark.parametrize(
    "title, facts, name",
    [
        ("File:Ada Lovelace.jpg", {}, "Ada Lovelace"),
        ("File:Ada Lovelace (cropped) 2.jpg", {}, "Ada Lovelace"),
        ("File:Jean-Luc Picard, 2364.JPG", {}, "Jean-Luc Picard"),
        ("File:IMG 1234.jpg", {"ObjectName": "Ada Lovelace – a portrait"}, "Ada Lovelace"),
        ("File:Ada.jpg", {"ObjectName": "<b>Ada</b> Lovelace"}, "Ada Lovelace"),
        ("File:(2).jpg", {}, "(2)"),
    ],
)
def test_name_is_a_persons(title, facts, name):
    assert found(page(1, title=title, **facts))[0].name == name


FREE = ["CC0", "CC0 1.0", "CC BY 2.0", "CC BY-SA 3.0 de", "CC BY-SA 4.0", "CC-BY-SA-4.0", "cc by 3.0 igo"]
FREE += ["CC BY-SA 3.0,2.5", "Public domain", "PD-old"]
NOT_FREE = [None, "", "CC BY-NC 2.0", "CC BY-NC-SA 4.0", "CC BY-ND 4.0", "CC BY NC 2.0", "CC-BY-NC-2.0", "GFDL"]
NOT_FREE += ["Fair use", "Copyrighted", "CC BY-SA-NC 4.0", "PDQ licence", "CC BY 2.0 but ask me first"]


@pytest.mark.parametrize("licence", FREE)
def test_free_licences_are_taken(licence):
    assert found(page(1, LicenseShortName=licence))[0].problem is None


@pytest.mark.parametrize("licence", NOT_FREE)
def test_all_others_are_left_out_and_said_so(licence):
    (photo,) = found(page(1, LicenseShortName=licence))
    assert photo.problem == f"is not under a free licence ({licence or 'none given'})"


def test_credit_that_is_wanted_and_unknown_is_none():
    assert found(page(1, Artist=None))[0].credit.startswith("Uploader, Wikimedia Commons")
    assert found(page(1, Artist=None, user=None))[0].problem == "wants a credit but does not say whose"
    free = found(page(1, Artist=None, user=None, LicenseShortName="CC0", LicenseUrl=None))[0]
    assert (free.problem, free.credit) == (None, "Wikimedia Commons")


def test_drawings_films_and_broken_pages_are_left_out():
    broken = page(3) | {"imageinfo": []}
    photos = found(page(1, mime="image/svg+xml"), page(2, mime="video/webm"), broken, "rubbish", None, page(6))
    assert [photo.problem for photo in photos] == [
        "is no photo (image/svg+xml)",
        "is no photo (video/webm)",
        "is no proper file",
        "is no proper file",
        "is no proper file",
        None,
    ]


@pytest.mark.parametrize(
    "line", ["User:Uploader", "ann lee 1", "https://commons.wikimedia.org/wiki/File:Grace_Hopper_1.jpg"]
)
def test_our_own_list_is_heeded(cache, line):
    (cache / "optout.txt").write_text(line)
    assert found(page(1))[0].problem == "is on our opt-out list"


def test_date_that_is_none_is_left_open():
    assert found(page(1, DateTimeOriginal="circa 1950"))[0].created_at is None
    assert found(page(1, DateTimeOriginal="2020:03:04 05:06:07"))[0].created_at.year == 2020


def test_category_that_is_not_there_is_said_so():
    with pytest.raises(DeepselfieError, match="no files in Category:Nobody"):
        found(page(1), category="Nobody")
    wrong = {"error": {"code": "badvalue", "info": "No such module"}}
    with (
        serve(lambda asked, connection: reply(wrong)) as server,
        pytest.raises(DeepselfieError, match="No such module"),
    ):
        list(commons.photos("People", service=server.url))


def test_server_that_lags_is_waited_for(monkeypatch):
    pauses, answers = [], [reply({"error": {"code": "maxlag"}}, Retry_After="5")]
    answers.append(reply({"batchcomplete": True, "query": {"pages": [page(1)]}}))
    real = fetching.get_json
    monkeypatch.setattr(commons, "get_json", lambda *args, **options: real(*args, **options, sleep=pauses.append))
    with serve(lambda asked, connection: answers.pop(0)) as server:
        assert len(list(commons.photos("People", service=server.url))) == 1
    assert len(pauses) == 1 and 5 <= pauses[0] <= 6


def test_world_of_named_people_keeps_name_licence_and_credit():
    def pages(base):
        return [page(n, base, f"File:Person {'ABCDE'[n]}.jpg") for n in range(5)] + [page(6, LicenseShortName="GFDL")]

    with wiki(pages) as server:
        said = ["gather", "commons", "--category", "People", "--world", "famous", "--service", server.url]
        assert cli.main([*said, "--limit", "3"]) == 0
        assert len(world("famous")) == 3
        assert cli.main(said) == 0
        assert sum(asked.path.startswith("/thumb/") for asked in server.asked) < 10  # those there are not fetched again
    assert world("famous").report("import")["dropped"] == {"is not under a free licence (GFDL)": 1}
    table = world("famous").read(["id", "name", "licence", "credit", "url"])
    assert table["name"].to_pylist() == ["Person A", "Person B", "Person C", "Person D", "Person E"]
    assert set(table["licence"].to_pylist()) == {"CC BY-SA 4.0"}
    assert table["credit"][2].as_py() == f"Ann Lee 2, Wikimedia Commons ({BY_SA})"
    assert table["url"][2].as_py() == "https://commons.wikimedia.org/wiki/File:Person_C.jpg"
