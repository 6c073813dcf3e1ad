"""How far to trust the scores, in rows and words for a page. In: the report of the stage evaluate; out: tables, lines.

Everything is empty where that stage has found nothing to measure.
"""

from __future__ import annotations

from deepselfie import summary, texts
from deepselfie.summary import exam, percent
from deepselfie.world import World

FIGURES = {  # name -> (what it says, what one who knows nothing gets)
    "accuracy": ("Good or bad told right", "50\u00a0%"),
    "auc": ("The better liked of two is told right (AUC)", "50\u00a0%"),
    "rank_correlation": ("Higher scores go with more likes (rank correlation)", "0"),
    "log_loss": ("Surprise at the labels (log-loss, nats; less is better)", "0.693"),
    "brier": ("Squared error of the chances (Brier score; less is better)", "0.250"),
    "ece": ("Distance of chances from shares (calibration error, ECE)", "0\u00a0%"),
}
SHARES = ("accuracy", "auc", "ece")  # shown in per cent
SHOWN = 14  # groups in the figure: more is a wall
WAYS = {
    "article": "the article's: among 100 posts of like audience",
    "residual": "beyond what a regression expects",
    "pairs": "among one account's own posts",
}


def figures(photos: World) -> list[dict[str, str]]:
    """A row for each figure: its value and 95 % interval, that of the newest photos, and what knowing nothing gives."""
    details = exam(photos)[1]
    found, newest = details.get("evaluation", {}), details.get("newest")
    rows = []
    for name, (said, nothing) in FIGURES.items():
        if found.get(name) is not None:
            row = {"": said, "all": _with_interval(name, found)}
            if newest:
                row[f"newest, since {newest['since']}"] = _with_interval(name, newest)
            rows.append(row | {"knowing nothing": nothing})
    return rows


def future(photos: World) -> str:
    """Whether the newest photos are a future to the network, in a sentence; "" where that cannot be told."""
    share = (exam(photos)[1].get("newest") or {}).get("learned_as_new")
    if share is None:
        return ""
    if share == 0:
        return "Everything it learned from is older than those: for the network they are the future."
    return (
        f"Of the photos it learned from, {percent(share, 0)} are as new: `python -m deepselfie labels WORLD --by-time` "
        "keeps the future for the test."
    )


def rivals(photos: World) -> list[dict[str, str]]:
    """A row for each rival, fitted and measured on the same photos as the network: how right, and who is better."""
    rows = []
    for name, found in exam(photos)[1].get("baselines", {}).items():
        right, surprise = found["accuracy"], found["log_loss"]
        rows.append(
            {
                "rival": name,
                "told right": percent(right["value"]),
                "the network tells more": _points(right["gain"], right["interval"]),
                "log-loss": f"{surprise['value']:.3f}",
                "the network's is lower by": "{:.3f} ({:.3f} to {:.3f})".format(
                    surprise["gain"], *surprise["interval"]
                ),
                "so the network is": _verdict(found),
            }
        )
    return rows


def leaks(photos: World) -> list[str]:
    """A line for each way in which the network might have known an answer beforehand."""
    lines = []
    for leak in exam(photos)[1].get("leaks", []):
        count = leak["found"]
        mark = "❔" if count is None else "❌" if count else "✅"
        told = "cannot be seen from this machine" if count is None else f"{count:,}" if count else "none"
        lines.append(f"{mark} {leak['check'].capitalize()}: {told}")
    return lines


def shuffled(photos: World) -> str:
    """What the same scores reach where labels are dealt out by lot, in a sentence; "" where it was not measured."""
    found = exam(photos)[1].get("shuffled")
    if not found:
        return ""
    return f"With labels dealt out by lot the same scores are right in {percent(found['mean'])}: as a coin is."


def biases(photos: World) -> list[dict]:
    """The rows of figures.forest: of the most biased groups, by how many points of score they are scored too high."""
    return [
        {
            "label": group_name(group),
            "bias": {
                "points": [100 * x for x in (group["bias"], *group["intervals"]["bias"])],
                "found": group["found"],
                "n": group["photos"],
            },
        }
        for group in _groups(photos)[:SHOWN]
    ]


def groups(photos: World) -> list[dict[str, str]]:
    """A row for each group of at least 200 photos, the most biased first."""
    return [
        {
            "group": group_name(group),
            "photos": f"{group['photos']:,}",
            "liked": percent(group["good"], 0),
            "score": percent(group["score"], 0),
            "score, to others": _points(group["score_gap"], group["intervals"]["score_gap"]),
            "too high by": _points(group["bias"], group["intervals"]["bias"]),
            "biased": "yes" if group["found"] else "not shown",
            "AUC": _with_interval("auc", group),
            "ECE": _with_interval("ece", group),
        }
        for group in _groups(photos)
    ]


def in_short(photos: World) -> str:
    """How many groups there are and of how many a bias is shown, in a sentence; "" where none was looked at."""
    found = exam(photos)[1].get("subgroups")
    if not found:
        return ""
    biased = sum(group["found"] for group in found["groups"])
    return texts.SUBGROUPS.format(
        groups=len(found["groups"]), biased=biased, fewest=found["fewest"], left=found["suppressed"]
    )


def lines(photos: World) -> list[str]:
    """The exam in a few lines, for a terminal."""
    told = [f"  {row['']}: {row['all']}, {row['knowing nothing']} knowing nothing" for row in figures(photos)]
    told += [f"  beside {row['rival']}: {row['so the network is']}" for row in rivals(photos)]
    told += [f"  {line}" for line in (*leaks(photos), shuffled(photos), in_short(photos)) if line]
    return told


def ways(photos: World) -> list[dict[str, str]]:
    """A row for each way to make labels of likes: what it is worth; empty where benchmarks.labels left no report."""
    found = (photos.report("ways") or {}).get("ways", [])
    return [
        {
            "labels": WAYS[one["way"]],
            "photos used": f"{one['photos']:,}",
            "labels that agree with true quality": percent(one["agreement"]),
            "of what can be known": percent(one["of_ceiling"], 0),
            "rank correlation of what was learned with true quality": "{:.3f} ({:.3f} to {:.3f})".format(
                one["learned"], *one["interval"]
            ),
            "times the article's": "{:.2f} ({:.2f} to {:.2f})".format(one["ratio"], *one["ratio_interval"]),
        }
        for one in found
    ]


def card(photos: World) -> dict | None:
    """The model's card and what the exam found, JSON-able: a section each for the figures, leaks, rivals and groups.

    None where there is no model."""
    found, details = summary.card(photos), exam(photos)[1]
    if not found or not details:
        return found
    measured = {name: value for name, value in details["evaluation"].items() if name != "calibration"}
    known = {one["check"]: one["found"] for one in details.get("leaks", [])}
    return found | {
        "exam": measured,
        "leaks": {check: "unknown" if count is None else count for check, count in known.items()},
        "beside_rivals": {row["rival"]: row["so the network is"] for row in rivals(photos)},
        "points_of_score_too_high": {
            group_name(one): _points(one["bias"], one["intervals"]["bias"]) for one in _groups(photos) if one["found"]
        },
    }


def group_name(group: dict) -> str:
    """ "Hair: bob", "Border: yes", "Brightness: 31 % to 45 %"."""
    key, value = group["attribute"], group["value"]
    unit = texts.facet_unit(key)
    if isinstance(value, list):
        low, high = (texts.in_unit(round(end) if abs(end) >= 100 or end == round(end) else end, unit) for end in value)
        value = low if low == high else f"{low} to {high}"
    elif isinstance(value, bool):
        value = texts.in_unit(value, "")
    return f"{texts.facet_label(key)}: {value}"


def _groups(photos: World) -> list[dict]:
    return exam(photos)[1].get("subgroups", {}).get("groups", [])


def _verdict(found: dict) -> str:
    said = {name: one["verdict"] for name, one in found.items()}
    kinds = set(said.values())
    if len(kinds) == 1:
        return f"{kinds.pop()} by all {len(said)} figures"
    by = {kind: ", ".join(name.replace("_", "-") for name in said if said[name] == kind) for kind in sorted(kinds)}
    return "; ".join(f"{kind} by {names}" for kind, names in by.items())


def _with_interval(name: str, found: dict) -> str:
    """The value of a figure and its 95 % interval, where it has them."""
    value, interval = found[name], (found.get("intervals") or {}).get(name)
    if value is None:
        return "unknown"
    one = percent if name in SHARES else "{:.3f}".format
    return f"{one(value)} ({one(interval[0])} to {one(interval[1])})" if interval else one(value)


def _points(value: float, interval: list[float]) -> str:
    return "{:+.1f} ({:+.1f} to {:+.1f})".format(*(100 * x for x in (value, *interval))).replace("-", "\u2212")
