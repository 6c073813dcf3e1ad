"""The command line: `python -m deepselfie <stage or verb> …`; each is the function of the same name."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from deepselfie.errors import DeepselfieError

MAP = """
where photos come from
  demo      render the demo world: selfies of nobody, with likes that follow a known law
  import    a folder of images, a CSV or Parquet table, or the UCF Selfie data set
  gather    posts of a hashtag with their likes, or free portraits with names; who opted out is left out

stages, each adds columns to the world's table; a second run does only what is new
  faces     find the faces, measure the picture
  labels    good or bad by likes, among posts of like audience; split by author
  train     fine-tune a ConvNet on the labels
  score     rank every photo with the world's own model, or the demo's
  distil    teach a small network what a large one says, for the mirror in the browser
  evaluate  how far the scores can be trusted, beside simpler rivals, and for whom less
  findings  what makes a good selfie: by likes, by score, and by editing photos
  embed     t-SNE of fc7
  clusters  where photos crowd in fc7, named by what sets them apart
  layout    the order from best to worst
  atlas     thumbnails for the browser

all of it
  run       do all that is missing, in order
  worlds    which worlds there are, with counts
  check     is a world whole?
  forget    remove photos, or all photos of an account, from a world for good

on a network
  bot       answer mentions with a picture, on Bluesky or Mastodon

see the result: streamlit run app.py
"""

STAGES = (
    "faces", "labels", "train", "score", "distil", "evaluate", "findings", "embed", "clusters", "layout", "atlas",
)  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    arguments = parser().parse_args(argv)
    try:
        for line in arguments.do(arguments):
            print(line, flush=True)
    except DeepselfieError as error:
        print(f"deepselfie: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        "python -m deepselfie",
        description="Learns what a crowd likes in a photo from likes alone, and ranks photos it has never seen.",
        epilog=MAP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = top.add_subparsers(metavar="command", required=True, title="commands, explained below")

    demo = verbs.add_parser("demo", description="Renders, learns and ranks the demo world, resuming where it was.")
    # 85 of 100 posts show a face that the detector finds: 50,000 selfies to rank, and 30,000 to learn from.
    demo.add_argument("--n", type=_count, default=59_500, help="unseen posts to gather (59500, as shipped)")
    demo.add_argument("--training", type=_count, default=36_000, help="posts to learn from (36000, as shipped)")
    demo.set_defaults(do=_demo)

    bring = verbs.add_parser("import", description="Copies photos into a world. Bad files are listed and skipped.")
    path = "a folder, a .csv, .tsv or .parquet file, or the UCF Selfie folder; none: only take up what --table holds"
    bring.add_argument("path", type=Path, nargs="?", help=path)
    bring.add_argument("--world", required=True, help="the world to add them to; made if it is not there")
    bring.add_argument("--named", action="store_true", help="file or folder names are people's names")
    bring.add_argument(
        "--map", action="append", default=[], metavar="FIELD=COLUMN", help="e.g. likes=like_count; may be repeated"
    )
    bring.add_argument(
        "--table", metavar="s3://…/NAME.lance", help="where the photos shall lie, if not in the cache folder"
    )
    bring.set_defaults(do=_import)

    fetch = verbs.add_parser("gather", description="Fetches photos from a network into a world.")
    fetch.add_argument("source", choices=("bluesky", "mastodon", "commons"), help="the network")
    fetch.add_argument("--world", required=True, help="the world to add them to; made if it is not there")
    fetch.add_argument("--tag", type=_tag, help="the hashtag; of bluesky and mastodon")
    fetch.add_argument(
        "--category", help="of Wikimedia Commons, e.g. 'Self-portrait photographs': named, free pictures"
    )
    fetch.add_argument("--since", type=_day, metavar="DATE", help="posts from this day on, UTC (90 days ago)")
    fetch.add_argument("--until", type=_day, metavar="DATE", help="posts before this day, UTC (now)")
    fetch.add_argument("--limit", type=_count, metavar="N", help="stop when the world has N photos of this network")
    live = "take posts as they are made, until Ctrl-C or --limit; URL: of a Jetstream, if not Bluesky's own"
    fetch.add_argument("--live", nargs="?", const="", metavar="URL", help=live)
    again = "read likes of posts again that were young, and forget what was deleted, instead of gathering"
    fetch.add_argument("--refresh", action="store_true", help=again)
    fetch.add_argument("--service", metavar="URL", help="of the server to ask; for mastodon there is no other way")
    fetch.set_defaults(do=_gather)

    from deepselfie.labels import FOLLOWERS, MAX_TAGS, MIN_AGE_DAYS, WAYS

    ray = "ray: faces, score and thumbnails on the Ray cluster at $RAY_ADDRESS, or on one of this machine"
    engine = {"choices": ("local", "ray"), "default": "local", "help": ray}

    for name in STAGES:
        one = verbs.add_parser(name, description=f"The stage {name} of one world.")
        one.add_argument("world")
        one.set_defaults(do=_stage, stage=name, options=[])
        if name == "labels":
            one.add_argument("--followers", type=int, nargs=2, default=FOLLOWERS, metavar=("MIN", "MAX"))
            one.add_argument("--max-tags", type=int, default=MAX_TAGS)
            one.add_argument("--min-age-days", type=int, default=MIN_AGE_DAYS)
            way = "compare a post with 100 of like audience (article), a regression's guess, or its account's own posts"
            one.add_argument("--way", choices=WAYS, default="article", help=way)
            one.add_argument("--by-time", action="store_true", help="test on the newest posts, learn from older ones")
            one.set_defaults(options=["followers", "max_tags", "min_age_days", "way", "by_time"])
        if name == "train":
            names = "lite0 (default), vgg16 (the article's), convnext_tiny, mobilenet, timm:NAME or torchvision:NAME"
            one.add_argument("--architecture", default="lite0", metavar="NAME", help=names)
            weights = "weights to begin from, .pth or .safetensors, instead of those that the library fetches"
            one.add_argument("--checkpoint", metavar="FILE", help=weights)
            one.add_argument("--shuffle-labels", action="store_true", help="a check: must end at 50 %%")
            one.set_defaults(options=["architecture", "checkpoint", "shuffle_labels"])
        if name == "distil":
            one.add_argument("--architecture", default="lite0", metavar="NAME", help="lite0 (default) or mobilenet")
            one.set_defaults(options=["architecture"])
        if name == "embed":
            one.add_argument(
                "--exact", action="store_true", help="neighbours by L2 in all of fc7, without PCA, as in the article"
            )
            one.set_defaults(options=["exact"])
        if name in ("faces", "score", "atlas"):
            one.add_argument("--engine", **engine)
            one.set_defaults(options=["engine"])

    everything = verbs.add_parser("run", description="Does all that is missing, in order.")
    everything.add_argument("world")
    everything.add_argument("--engine", **engine)
    everything.set_defaults(do=_run)

    verbs.add_parser("worlds", description="Lists the worlds.").set_defaults(do=_worlds)

    check = verbs.add_parser("check", description="Validates a world.")
    check.add_argument("world")
    check.set_defaults(do=_check)

    away = verbs.add_parser("forget", description="Removes photos from a world for good. No stage may be running.")
    away.add_argument("--world", required=True)
    account = "all photos of this account: handle, DID or name as its source knows it, or its hash in the table"
    away.add_argument("--author", nargs="+", action="extend", default=[], metavar="ACCOUNT", help=account)
    away.add_argument("--id", nargs="+", action="extend", default=[], metavar="ID", help="photos, by their ids")
    away.set_defaults(do=_forget)

    bot = verbs.add_parser("bot", description="Answers mentions with a picture: score, range, tip and best crop.")
    bot.add_argument("--network", choices=("bluesky", "mastodon"), default="bluesky")
    bot.add_argument("--service", metavar="URL", help="of the bot's account: its server (bluesky: https://bsky.social)")
    bot.add_argument("--world", default="demo", help="whose photos a picture is compared with (demo)")
    bot.add_argument("--dry-run", action="store_true", help="print what it would say, and say nothing")
    bot.set_defaults(do=_bot)
    return top


def _demo(arguments):
    from deepselfie.flow import make_demo

    return make_demo(n=arguments.n, training=arguments.training)


def _import(arguments):
    from deepselfie.sources import import_photos
    from deepselfie.world import world

    pairs = [pair.partition("=") for pair in arguments.map]
    if bad := [f"{field}{sign}{column}" for field, sign, column in pairs if not (field and column)]:
        raise DeepselfieError(f"--map takes FIELD=COLUMN, such as likes=like_count, not '{bad[0]}'.")
    mapping = {field: column for field, _, column in pairs}
    photos = world(arguments.world)
    if arguments.table:
        photos.place_table(arguments.table)
    if arguments.path is None:
        if not arguments.table:
            raise DeepselfieError("Say where the photos are: python -m deepselfie import PATH --world NAME.")
        yield f"{len(photos):,} photos in {arguments.table}"
        return
    report = import_photos(photos, arguments.path, named=arguments.named, mapping=mapping)
    yield report
    yield from (f"  {p.get('file', p.get('id', '?'))}: {p['reason']}" for p in report.problems[:20])
    yield f"next: python -m deepselfie run {arguments.world}"


def _gather(arguments):
    from deepselfie.gather import gather_bluesky, gather_commons, gather_mastodon
    from deepselfie.sources.jetstream import PUBLIC
    from deepselfie.world import world

    photos, source, service = world(arguments.world), arguments.source, arguments.service
    if source != "bluesky" and (arguments.refresh or arguments.live is not None):
        raise DeepselfieError("--refresh and --live are for bluesky.")
    if arguments.refresh:
        from deepselfie.refresh import refresh

        yield refresh(photos, service=service)
        return
    if source == "commons":
        if not arguments.category:
            raise DeepselfieError("Say which category: --category 'Self-portrait photographs'.")
        yield gather_commons(photos, category=arguments.category, service=service, limit=arguments.limit)
        yield f"next: python -m deepselfie run {arguments.world}"
        return
    if not arguments.tag:
        raise DeepselfieError("Say which hashtag: --tag selfie.")
    asked = {"tag": arguments.tag, "since": arguments.since, "until": arguments.until, "limit": arguments.limit}
    if source == "mastodon":
        if not service:
            raise DeepselfieError("Say which server: --service https://mastodon.example.")
        yield gather_mastodon(photos, service=service, **asked)
    else:
        live = None if arguments.live is None else arguments.live or PUBLIC
        yield gather_bluesky(photos, **asked, live=live, service=service)
    yield f"next: python -m deepselfie run {arguments.world}"


def _stage(arguments):
    from deepselfie import trust
    from deepselfie.flow import STAGES
    from deepselfie.world import world

    options = {name: getattr(arguments, name) for name in arguments.options}
    if "followers" in options:
        options["followers"] = tuple(options["followers"])
    yield STAGES[arguments.stage](world(arguments.world), **options)
    if arguments.stage == "evaluate":
        yield from trust.lines(world(arguments.world))


def _run(arguments):
    from deepselfie.flow import run
    from deepselfie.world import world

    yield from run(world(arguments.world), engine=arguments.engine)
    yield f"see it: streamlit run app.py, then choose '{arguments.world}' or add ?world={arguments.world}"


def _worlds(_):
    from deepselfie.world import cache_root, world, world_names

    yield f"{'world':<20} {'photos':>8} {'labelled':>9} {'scored':>8}  model   in {cache_root()}"
    for name in world_names():
        one = world(name)
        try:
            table = one.table
        except DeepselfieError as error:  # in an object store that does not answer
            yield f"{name:<20} {error}"
            continue
        counts = [
            table.count_rows(filter=f"{column} is not null") if column in table.schema.names else 0
            for column in ("label", "score")
        ]
        model = "own" if (one.model_path / "card.json").exists() else "demo's"
        yield f"{name:<20} {table.count_rows():>8,} {counts[0]:>9,} {counts[1]:>8,}  {model}"


def _check(arguments):
    from deepselfie.check import check
    from deepselfie.world import world

    faults = 0
    for what, fault in check(world(arguments.world)):
        faults += bool(fault)
        yield f"{'FAULT' if fault else 'ok   '} {what}{': ' + fault if fault else ''}"
    if faults:
        raise DeepselfieError(f"{faults} faults in world '{arguments.world}'. Run its stages again to mend them.")


def _forget(arguments):
    from deepselfie.forget import forget, interrupted
    from deepselfie.world import world

    photos = world(arguments.world)
    if not (arguments.author or arguments.id or interrupted(photos)):
        raise DeepselfieError(
            "Say what is to be forgotten: --author ACCOUNT or --id ID, several of either if you like."
        )
    report = forget(photos, ids=arguments.id, authors=arguments.author)
    yield report
    told = report.details
    yield from (f"  {n:,} photos were by {author}" for author, n in told["by"].items())
    if told["again"]:
        yield f"  {len(told['again']):,} of the ids were forgotten before"
    if told["learned"]:
        yield f"  the world's network learned from {told['learned']:,} of them, and its weights cannot unlearn."
        yield f"  Train again without them: python -m deepselfie run {arguments.world}"
    if told["alike"]:
        yield f"  still here, and the same to the eye: {', '.join(told['alike'][:10])}"
    if not report.nothing_to_do:
        yield "  files that were imported stay as they are; an app that is running keeps pictures in memory: restart it"


def _bot(arguments):
    from deepselfie.bot.loop import start
    from deepselfie.world import world

    if arguments.network == "mastodon":
        from deepselfie.bot.mastodon import Mastodon as Network
    else:
        from deepselfie.bot.bluesky import Bluesky as Network
    return start(Network(arguments.service), world(arguments.world), arguments.dry_run)


def _tag(text: str) -> str:
    tag = text.removeprefix("#")
    if not tag or any(sign.isspace() or sign == "#" for sign in tag):
        raise argparse.ArgumentTypeError("must be one word, such as selfie")
    return tag


def _day(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a date, such as 2026-01-31") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _count(text: str) -> int:
    number = int(text.replace(",", "").replace("_", ""))
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
