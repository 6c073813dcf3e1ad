"""The longer texts of the pages, in one place so that they can be read, and corrected, in one go."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from deepselfie.attributes import LABELS
from deepselfie.summary import Accuracy, percent

if TYPE_CHECKING:
    from deepselfie.crop import Crop
    from deepselfie.hood import Flow, Step
    from deepselfie.whatif import Improvement
    from deepselfie.yours import Verdict

PAGES = {  # what is behind each link of the start page
    "continuum": "every photo, best to worst, on one wall",
    "best_and_worst": "the top, and the other end",
    "famous": "people with a name, ranked",
    "space": "a map on which like stands with like",
    "yours": "try a photo of your own",
    "crop": "the part of a photo that it likes best",
    "hood": "every number between the pixels and the score",
    "mirror": "your camera, scored live in your browser",
    "findings": "do's and don'ts, measured",
    "data_and_model": "rules, counts, curves",
}
START = (
    "Show a network thousands of selfies, tell it which ones got more likes than others of like audience, and not a "
    "word more. Then let it loose on photos it has never seen. What does it think a good selfie is?"
)
CONTINUUM = (
    "One wall, one order. The photo at the top left is the one the network likes best; every step to the right, and "
    "every row down, it likes a little less."
)
HOW_TO_WALK = (
    "Scroll or pinch to zoom, drag to move, hover or tap a photo to see it large. Draw around photos (lasso, or Shift "
    "and drag) to see what sets them apart. The page's address keeps what you see."
)
BEST = "The top of the ranking, the best of any group you care to pick, and, if you insist, the other end."
WORST = (
    "The three hundred at the bottom, small, and blurred until you ask. Remember what a low score means: this crowd "
    "tends to scroll past pictures like these. It says nothing about anyone in them."
)
FAMOUS = "Fame does not help here: the network never sees a name. Best at the top left, then row by row."
NO_NAMES = (
    "Nobody in this world has a name. To rank your own stars, make a folder of photos named after them (or a folder a "
    "person), and run:\n\n```\npython -m deepselfie import FOLDER --world stars --named\n"
    "python -m deepselfie run stars\n```\n\nThen choose the world `stars` at the side."
)
SPACE = "Two selfies stand close together here when the network sees much the same in them, whoever is on them."
LAND = "Scored and placed here and now. Close this page, and your photo is gone."
TSNE = """
The network boils each photo down to a list of numbers (*fc7*, its last hidden layer).
[t-SNE](https://distill.pub/2016/misread-tsne/) lays them out flat so that each keeps its closest companions, about
thirty (the *perplexity*).

- **Neighbours mean something**: they are alike to the network.
- **Distances between islands mean little**, and so do their sizes.
- Left, right, up and down mean nothing.
"""
YOURS = (
    "Try one of your own, or several to see which would do best. They are scored on this server, in memory, and "
    "forgotten when you leave: nothing of them is stored or logged, and nobody looks at where and when they were taken."
)
SCORE = "The chance that a photo like this is in the better liked half, among photos of like audience."
NO_PLACE = "This world has no map that a new photo could be put on, so there are no neighbours to show."
POST_NO_FACE = "I found no face in this, and I know nothing but selfies. Do try me with another picture!"
POST_NO_PICTURE = (
    "Hi! Mention me with a selfie, or below one, and I guess how well it would do for likes, among photos I know. "
    "Reply “stop” and I leave you alone for good."
)
NO_FACE = "I found no face in this picture{}. The network only ever saw pictures with faces."
WHAT_IF = (
    "The network's answer to an edited photo, nothing else: nobody was asked to like it. An edit counts only if it "
    "raises the score by more than changes that nobody sees (saving the photo as JPEG once more, moving it a little), "
    "allowing for how many edits were tried."
)
NOTHING_RAISES = "Nothing would raise it measurably: no single edit does more than a change that nobody sees."
SLIDERS = {  # name of an edit -> its slider
    "tighter": "Crop",
    "tilt": "Tilt",
    "brightness": "Brightness",
    "contrast": "Contrast",
    "saturation": "Saturation",
    "monochrome": "Black and white",
    "fade": "Fade",
    "border": "White border",
}
SALIENCY = "Takes a few seconds: the photo is scored a few hundred times, each time with another part of it hidden."
SALIENCY_NAMES = {"occlusion": "Hiding parts of it", "Grad-CAM": "Following its activations (Grad-CAM)"}
WITHHELD = "This map is not shown, because it failed its check: {}. It would tell you a story, not the truth."
SALIENCY_HOW = """
Bright is what raises the score of **this** photo; dark places do nothing for it, or lower it.

- **Hiding parts of it**: a square of the photo's mean colour slides over it, and the score is taken at each step. Where
  hiding lowers the score most, it is brightest
  ([Zeiler and Fergus 2014](https://arxiv.org/abs/1311.2901)).
- **Grad-CAM**: the network's late maps, each weighed by how much the score rises with it
  ([Selvaraju and others 2017](https://arxiv.org/abs/1610.02391)).
- Such maps please the eye even where they mean nothing, so each has to pass two checks on your photo. Blurring what it
  marks, the brightest first, must lower the score faster than the same shape does at each of nine other places
  ([Petsiuk and others 2018](https://arxiv.org/abs/1806.07421)). And a network with random weights must draw another map
  ([Adebayo and others 2018](https://arxiv.org/abs/1810.03292)). A map that fails is withheld.
"""
MEASURED = (
    "What a trait did: its effect in this world (see *What makes a good selfie*) times how far your photo is from the "
    "average one, in points of the ranking. It goes with the score across all photos; it is not proven on yours."
)
FINDINGS = (
    "Three questions are easily taken for one. Which photos do people like? Which does the network like? And what "
    "happens to its verdict when one thing in a photo is changed, and nothing else?"
)
NO_FINDINGS = (
    "Nothing has been found out about this world yet: it takes 200 photos with a face and a score. "
    "This looks for it:\n\n```\npython -m deepselfie findings {}\n```"
)
POINTS = (
    "In **points**: how many of a hundred photos a middling one overtakes (or falls behind). Lines are 95 % intervals; "
    "grey and hollow means no measurable effect."
)
FOREST = {  # the columns of the forest plot, short enough for a phone
    "labels": "by likes",
    "scores": "by score",
    "edits": "when edited",
}
EDITED = (
    "{:,} photos, drawn by lot, were edited and scored again, each beside itself. Below: a photo on which the edit did "
    "about what it does on average, and what less and more of it do to the score, in points."
)
RULES = "A rule for all may be wrong for some. Of fewer than 200 photos nothing is said."
FINDINGS_HOW = """
- **By likes**: all measured traits of a photo are weighed together (a logistic regression on good and bad by likes),
  so that each is told apart from the others. For a number the effect is that of one standard deviation more; for a
  yes, against no.
- **By score**: the same, with the network's score in place of the likes.
- **When edited**: the score of the edited photo less that of the same photo unedited, averaged, each edit at its
  strongest. Some edits cannot help changing the framing too, and are compared with a photo in which only that changed:
  a tilt with the same enlargement upright, a wider crop with the tighter one that it starts from, a cut forehead with a
  frame of the same size held higher (so the face also moves up: what that does alone, the row on faces lower down
  tells). Two placebos show what a change that nobody sees does; an edit that does no more has no measurable effect.
- The first two are *associations*: whatever goes with a trait and is not measured here is counted in. Only the third is
  cause and effect, and only in the network's eyes: nobody was asked to like an edited photo.
- Intervals are bootstrapped over authors, for photos of one person resemble each other. Many traits are looked at
  together, so what counts as found is decided by Benjamini and Hochberg: at most 5 % of it should be false.
"""
ARTICLE = (
    "In 2015 the article read its advice, by eye, off the best and the worst of 50,000 selfies that its network had "
    "ranked. ✓: found here too, ✗: the opposite, in points with their interval. These are the tastes of one crowd."
)
LITERATURE = (
    "**Not everybody found the same.** Bakhshi, Shamma and Gilbert "
    "([Faces Engage Us](https://doi.org/10.1145/2556288.2557403), CHI 2014) looked at a million Instagram photos: "
    "those with faces were 38 % more likely to get likes, but how many faces there were, and of what age and gender, "
    "made no difference. The article's *be female* and *no groups* are therefore findings about selfies in its data, "
    "perhaps about how its audience was made up, and no law. Gender appears here only where the data brings a label "
    "of its own; nobody's is guessed from a picture."
)
DATA = "What went in, what was left out, how the network learned, and how far you should trust it."
NO_LABELS = (
    "Nothing is known here about labels: these photos came without likes, or the step that reads them has not run. "
    "With likes, `python -m deepselfie labels WORLD` tells good from bad."
)
PLANTED = (
    "The likes of this rendered crowd follow a written law, and luck. The network saw the likes alone. What "
    "each trait adds to a photo's quality by that law, and what it adds in the network's eyes, in the same units:"
)
NO_STAGE = "No stage has left a report. `python -m deepselfie run {}` does all that is missing."
NO_MODEL = "There is no model yet. `python -m deepselfie demo` makes one, or import photos that have likes."
NOT_MEASURED = "Nothing has been measured yet: it takes labelled photos that the network did not learn from."
EXAM = (
    "Each figure with its 95\u00a0% interval, for which people, not photos, were drawn anew: photos of one person are "
    "alike. The newest photos stand for a future in which tastes may have changed."
)
RIVALS = (
    "A network is worth its trouble only if it beats those who hardly look. They learned from the same labels and took "
    "the same exam; *better* is said only where chance alone would not do it (the 95\u00a0% interval of the "
    "difference, measured on the same photos, leaves 0 out)."
)
LEAKS = "An exam is worth nothing where the answers were known. So this was looked for:"
SUBGROUPS = (
    "Of {groups} groups, {biased} are scored higher or lower than their likes warrant, more than chance would do it. "
    "Groups of fewer than {fewest} photos, or of a handful of people, are not told of ({left} of them): they would say "
    "more of single people than of a crowd."
)
BIAS = (
    "By how many points a group is scored too high (right) or too low (left), compared with its likes and with all "
    "other photos; grey: no more than chance may do"
)
WAYS = (
    "Likes can be turned into labels in more than one way. Of rendered photos the true quality is known, so that the "
    "ways can be compared: how often a label agrees with it, and how well a quick network that learned from such "
    "labels ranks people it has never met. `python -m deepselfie labels WORLD --way pairs` takes another way."
)
COLUMNS = {  # what is known beside a photo, as a datasheet says it
    "likes": "number of likes",
    "followers": "number of followers",
    "tags": "tags",
    "author": "account (a salted hash)",
    "created_at": "time of posting",
    "licence": "licence",
    "name": "name, of the famous",
    "faces": "boxes of faces",
    "attributes": "measured facts of the picture",
    "label": "label",
    "score": "score",
    "tsne": "place on the map",
    "truth": "what the renderer drew",
}
DATASHEET = {
    "rendered people": "nobody: every face is rendered by a program, and looks like no one on purpose",
    "real people": "people who posted a photo of themselves; they did not ask to be in here",
    "rendered source": "rendered, each from its number alone, with likes that follow a written law and luck "
    "(deepselfie/demo)",
    "real source": "a folder, a table or a data set that the owner of this world has imported",
    "authors": "accounts are salted hashes: enough to keep one person's photos together, not to find that person",
    "likes": "how many saw a post and scrolled past, who they were, and whether likes were bought: followers stand for "
    "all that",
    "rendered crowd": "no real people: the taste of this crowd, and what its people look like, were written by hand",
    "real crowd": "those who posted, were seen and were imported here, and no others: nobody has drawn a sample of all "
    "people",
    "for": "to learn how such networks work, what they see in photos, and how far they can be trusted",
    "not for": "judging, choosing, hiring or matching people, guessing what they are, or telling anyone how to look: "
    "likes measure a crowd and a moment",
}
MIRROR = (
    "Your camera, scored as you move. The network runs **in your browser**: no picture leaves your device, and once it "
    "is loaded the mirror works without the internet."
)
MIRROR_HOW = (
    "It sees what you see in the square, unmirrored, and says how likely a picture like this is to be in the better "
    "liked half in this data, not what you are worth. The dial is smoothed over half a second; a kept moment has the "
    "score of exactly that picture. Hints are about light, contrast, how tall the network takes the face to be (it "
    "is off by a twentieth of the picture's height, and more where there is no face) and, where the device tells it, "
    "how it is held."
)


def student(card: dict, teacher: str) -> str:
    """Below the mirror, where the network of a world is too large for a browser. card: of its student."""
    return (
        f"The network of '{teacher}' is too large for a browser. What you see is a small one that learned to say what "
        f"it says: on {card['photos']:,} photos that it did not learn from, they differ by "
        f"{100 * card['difference']:.1f} points on average, and their orders agree by {card['rank_correlation']:.2f} "
        "(Spearman's rank correlation, 1 is the same)."
    )


HONEST = (
    "**What a score is:** a guess at what got likes in this data, and nothing more. It is not a measure of beauty and "
    "never of a person's worth; the crowd behind it has its own tastes and blind spots. The people of the demo world "
    "are rendered by a program: nobody there is real."
)
CREDIT = (
    "Inspired by A. Karpathy's article of 2015, "
    "[What a Deep Neural Network thinks about your #selfie](https://karpathy.github.io/2015/10/25/selfie/). "
    "All texts, code and pictures here are our own."
)

FACETS = {"score": "Score", "label": "Labelled good by likes", "cluster": "Cluster"}  # not measured in the picture
NOT_FOR_VISITORS = {"split", "name"}
HOW_MUCH = {  # (low, high), where these two words do not go with the facet's name
    "faces": ("few", "many"),
    "face_share": ("small", "large"),
    "face_x": ("on the left", "on the right"),
    "face_y": ("high up", "low down"),
    "tilt": ("to the left", "to the right"),
    "warmth": ("little", "much"),
    "black_level": ("little", "much"),
    "noise": ("little", "much"),
}


def how_well(measured: Accuracy) -> str:
    """The accuracy in a few honest sentences."""
    text = (
        f"Shown a photo it never saw, it tells the better liked half from the other in "
        f"**{percent(measured.value)}** of cases (between {percent(measured.low)} and {percent(measured.high)}, "
        "at 95\u00a0% confidence"
        + (f", measured on {measured.photos:,} photos" if measured.photos else "")
        + "). A coin gets 50\u00a0%."
    )
    if measured.ceiling:
        text += (
            f" Nobody could do much better than **{percent(measured.ceiling)}** here: likes owe the rest to luck, "
            "the hour and the company one keeps."
        )
    return text


def verdict(found: Verdict) -> str:
    """What is said beside an uploaded photo."""
    from deepselfie.yours import in_words

    return (
        f"Your photo is **{in_words(found.percentile)}**: number {found.rank + 1:,} of then {found.n + 1:,}. "
        f"Its honest range is {percent(found.low, 0)} to {percent(found.high, 0)}: "
        "mirrored, or framed a hair differently, it might score anything in between. "
        "It says what a crowd tends to like, not what you are worth."
    )


def post(found: Verdict, tips: Sequence[Improvement], crop: Crop) -> str:
    """What the bot says of a photo: score with its range and percentile, one tip, the crop, and what a score is."""
    from deepselfie.sharecard import HONEST
    from deepselfie.yours import in_words

    score, low, high = (percent(share, 0) for share in (found.score, found.low, found.high))
    standing = in_words(found.percentile).partition(":")[0].replace("photos here", "photos I know")
    tip = f"{tips[0].said}, {signed(100 * tips[0].gain)} points" if tips else "none, no edit would raise it measurably"
    gain = f"{signed(100 * crop.gain[1])} points" if crop.better else "no better than yours"
    return (
        f"Score {score}; framed a hair differently, anything from {low} to {high}. It is {standing}. "
        f"Tip: {tip[0].lower()}{tip[1:]}. Best crop, below: {gain}. {HONEST}"
    )


def best_of(n: int, number: int, sure: bool) -> str:
    """What the bot says first of several photos in a post."""
    return f"Of these {n}, number {number} {'does' if sure else 'might do'} best. "


def compared(best: list[int], n: int) -> str:
    """What is said of several photos; best: the numbers of those that may be the best of `n`, in order."""
    if len(best) == 1:
        return f"**Number {best[0]} would do best** of your {n}: its whole range lies above all others."
    some = "all of them" if len(best) == n else "numbers " + ", ".join(map(str, best[:-1])) + f" and {best[-1]}"
    return (
        f"**Can't tell which is best.** The ranges of {some} overlap: framed a hair differently, any of them might "
        "come first."
    )


def edited(before: float, after: float, low: float, high: float) -> str:
    """The score of an edited photo, and by how many points it differs from that of the photo as it was."""
    points = round(100 * after) - round(100 * before)
    change = f" ({points:+d} points)".replace("-", "\u2212") if points else ""
    return f"Score, edited: **{percent(after, 0)}**{change}, between {percent(low, 0)} and {percent(high, 0)}"


def measured_facts(attributes: dict) -> list[tuple[str, str]]:
    """(label, value in words) of each measured fact; what could not be measured is left out."""
    known = {key: value for key, value in attributes.items() if value is not None and value == value}
    return [(facet_label(key), in_unit(value, facet_unit(key))) for key, value in known.items()]


def facet_label(key: str) -> str:
    """The name of a facet as visitors read it."""
    if key in FACETS:
        return FACETS[key]
    return LABELS[key][0] if key in LABELS else key.removeprefix("truth.").replace("_", " ").capitalize()


def facet_unit(key: str) -> str:
    """ "%" of 0..1, "°", or "" for plain numbers and what is no number."""
    unit = "%" if key == "score" else LABELS.get(key, ("", ""))[1]
    return "" if unit == "yes/no" else unit


def is_for_visitors(key: str, is_number: bool, keys: Collection[str]) -> bool:
    """Whether visitors meet this facet of a world that has these `keys`.

    Of the truth of rendered selfies they do only where it can be seen and is not measured anyway: its numbers are
    the renderer's own, and one of them, the quality, is the answer that the network looks for."""
    if not key.startswith("truth."):
        return key not in NOT_FOR_VISITORS
    return not is_number and key.removeprefix("truth.") not in keys


def signed(number: float) -> str:
    """A whole number with its sign, a real minus, and none at 0: "+4", "−2", "0"."""
    return f"{round(number):+d}".replace("-", "\u2212") if round(number) else "0"


def in_unit(value: float | bool, unit: str) -> str:
    """A value of a facet as people read it: "31 %", "-4.2°", "2", "yes"."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if unit == "%":
        return percent(value, 0 if abs(value) >= 0.1 or abs(value) < 0.0005 else 1)
    return f"{value:,}" if isinstance(value, int) else f"{value:.1f}{unit}"


def how_much(key: str, high: bool) -> str:
    """ "high" or "low", in the word that goes with a facet's name: a large face, many people."""
    return HOW_MUCH.get(key, ("low", "high"))[high]


HOOD = (
    "Follow one photo through the network, from its pixels to its score, and look at every number on the way: what "
    "each layer makes of it, what a single filter computes, and which clues decide in the end."
)
HOOD_NO_FACE = (
    "I found no face in this picture. The network only ever saw pictures with faces, so take its score lightly."
)
HOOD_STRIP = (
    "From left to right: the photo as the network sees it, squeezed into a square; a column a stage, with those of its "
    "maps that vary most in this photo; the two hidden layers; the score. Under each, how many maps and how large."
)
HOOD_CONVNET = """
**The same small question, asked everywhere.** Think of a stencil of three by three holes that slides over the photo. At
each stop the colours under the holes are multiplied with the stencil's own numbers and added up. A large sum says
*here is what I look for*, say an edge that is bright on its left. All the sums together make a new picture: a **map**
of where that something is. A layer has many such stencils (its **filters**), hence many maps, and the next layer slides
its filters over those. So edges add up to corners and curls, these to eyes and hair, and these to things like a face
close to the camera. On the way the maps shrink and multiply: ever less *where*, ever more *what*.

**A kink between the layers.** Each sum passes a plain rule such as *below zero counts as zero*. It looks like nothing,
but without it any pile of layers would be no wiser than a single one.

**A vote at the end.** What is left of the *where* is averaged away. Two layers in which everything meets everything
(*fc6*, *fc7*) mix the rest into a list of clues; each clue has a weight, and the weighted sum (*fc8*) is the verdict.

**Nobody wrote the filters.** The network began as one that had learned to tell a thousand kinds of things apart in
photos. Then it was shown selfies, each with a single bit of news: liked more than its like, or less. It guesses; the
guess is compared with the truth; and calculus works backwards from the mistake, layer by layer, to tell of each weight
which way a tiny nudge would have made the guess a little better. Many thousand nudges later it guesses rather well.
Nobody told it what a smile is. It kept whatever helped with guessing likes, chance likenesses included.
"""
HOOD_MAPS = (
    "Choose a map with a click, with the arrow keys or by its number. Each is drawn for itself, from its least number "
    "(black) to its greatest (pale yellow), so a faint one looks as lively as a strong one: its numbers are beside it."
)
HOOD_NO_MAPS = "This network keeps no maps between its layers that could be drawn (it is no ConvNet, or hides them)."
HOOD_OVER = "Map {} over the photo. Its numbers: least {:.5f}, mean {:.5f}, greatest {:.5f}."
HOOD_NINE = "The photos in which this map is strongest, on average over the photo."
HOOD_FILTERS = (
    "The filters of the first layer look at red, green and blue, so they can be shown as colours: grey is a weight of "
    "0, and each is scaled by its own largest weight. Choose one to see it at work."
)
HOOD_FOLDED = (
    "Shown are the weights that really compute the score: the batch normalisation of training is multiplied into them."
)
HOOD_STEP = (
    "Filter {filter} on the {side} × {side} pixels where it finds most of what it looks for ({left} px from the left, "
    "{top} px from the top). A pixel enters as (value / 255 − mean) / spread, with mean {mean} and spread {spread} for "
    "red, green, blue. The grids are rounded to two decimals (hover for more), sums to five."
)
HOOD_VOTES = (
    "The last maps are averaged to {pooled:,} numbers, fc6 mixes these to {fc6:,} and fc7 to {fc7:,}: {fired:,} of "
    "them are above 0 for this photo. Each times its weight is a vote; these are the loudest."
)
HOOD_EXACT = (
    "All numbers are those of an ordinary forward pass in full precision. The other pages compute in a quicker way "
    "that rounds more, and may differ by up to a point of score."
)


def first_step(step: Step, mean: list[float], spread: list[float]) -> str:
    """What is said beside the arithmetic of a filter; mean, spread: of red, green and blue, in [0, 1]."""
    mean, spread = (", ".join(f"{value:g}" for value in np.round(each, 3)) for each in (mean, spread))
    side = step.pixels.shape[1]
    return HOOD_STEP.format(filter=step.filter + 1, side=side, left=step.left, top=step.top, mean=mean, spread=spread)


def clues(flow: Flow) -> str:
    """What is said above the votes of fc7."""
    return HOOD_VOTES.format(
        pooled=len(flow.pooled), fc6=len(flow.fc6), fc7=len(flow.fc7), fired=int((flow.fc7 > 0).sum())
    )


CROP = (
    "What if only a part of a photo were shown? The network scores hundreds of crops, and you get the one it likes "
    "best; or the advice to leave the photo as it is. A photo of yours stays in memory and is forgotten when you leave."
)
RUDE = (
    "By default a crop keeps every face (at least 90\u00a0% of each) and 40\u00a0% of each side. Without that "
    "the network may do what no friend would: cut you out."
)
CROP_WAYS = (
    "Search tries crops all over and then around the best. The spatial transformer follows the slope of the score, as "
    "networks learn; it may also turn, stretch and shear the frame a little. Both get as many looks."
)
CROP_NO_FACE = (
    "I found no face in this picture, so there is none to be kept; the network only ever saw pictures with faces."
)
CROP_FOUR = "Of {} photos drawn by lot, the four that gain most. The frame shows what is kept."
CROP_RUDE = (
    "In the article the network's favourite crop sometimes left the person out, *entirely missing the point* of a "
    "selfie. That is what a score does that never had to ask what a photo is for."
)
CROP_HOW = """
- A crop is three numbers, left, upper and size; the shape of the photo stays. The article tried random ones. Here
  they are first spread evenly over all that is allowed
  ([Sobol's sequence](https://en.wikipedia.org/wiki/Sobol_sequence)), then
  [CMA-ES](https://arxiv.org/abs/1604.00772) climbs from the best of them.
- A [spatial transformer](https://arxiv.org/abs/1506.02025) asks the network itself which way to move the frame. The
  article's got stuck or drifted; here several frames around each place are asked, for the slope of one alone is noise.
- **The best of hundreds always looks good**, if only by luck. So the best few are seen again, moved a little and
  mirrored, and the winner and the original once more in fresh views. If the 95\u00a0% interval of the difference does
  not lie above 0, the advice is to keep the original.
- It is the network's taste and nobody else's: it says what may get likes in this data, not what makes a photo good.
"""


def rude(gone: int, n: int) -> str:
    """What is said above the rude crops."""
    if not gone:
        return f"In none of these {n} photos does the best crop cut anybody out."
    return f"In {gone} of these {n} photos the best crop cuts somebody out:"
