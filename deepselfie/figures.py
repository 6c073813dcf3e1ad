"""Plotly figures. In: plain numbers (shares in [0, 1]); out: figures that need nothing more from outside.

Hover texts say what a point is, so that each figure can be read without its caption.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

GOOD, BAD, QUIET, YOU = "#2f9e77", "#d1604d", "#8b93a7", "#e0569b"
BINS = 40
ARTICLE = 0.60  # the accuracy that the article reached


def calibration(predicted: Sequence[float], observed: Sequence[float], count: Sequence[int]) -> go.Figure:
    """How often photos of each predicted chance were in truth labelled good; on the diagonal the scores are honest.

    predicted, observed: (B,) in [0, 1], a bin each; count: photos in the bin (its dot's area)."""
    count = np.asarray(count, float)
    low, high = _wilson(np.asarray(observed, float), count)
    figure = go.Figure()
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dot", "color": QUIET}, hoverinfo="skip")
    figure.add_scatter(
        x=list(predicted),
        y=list(observed),
        mode="lines+markers",
        marker={"color": GOOD, "size": 6 + 14 * np.sqrt(count / max(count.max(initial=1), 1))},
        line={"color": GOOD, "width": 1},
        error_y={"array": high - observed, "arrayminus": np.asarray(observed) - low, "width": 0, "thickness": 1},
        customdata=count,
        hovertemplate="predicted %{x:.0%}, liked %{y:.0%}<br>%{customdata:,} photos<extra></extra>",
    )
    ends = [*predicted, *low, *high]
    span = [max(0.0, min(ends, default=0) - 0.04), min(1.0, max(ends, default=1) + 0.04)]
    figure.update_xaxes(title="what the network said", tickformat=".0%", range=span)
    figure.update_yaxes(title="how many were labelled good", tickformat=".0%", range=span)
    return _plain(figure, 340)


def training_curves(curves: dict[str, Sequence[float]], *, best: int | None = None) -> go.Figure:
    """Curves over epochs, one line a name; `best`: the epoch (from 0) whose weights were kept."""
    figure = go.Figure()
    colours = [BAD, GOOD, YOU, QUIET]
    for i, (name, values) in enumerate(curves.items()):
        figure.add_scatter(
            x=list(range(1, len(values) + 1)),
            y=list(values),
            name=name,
            mode="lines+markers",
            line={"color": colours[i % len(colours)]},
            hovertemplate=f"{name}, epoch %{{x}}: %{{y:.4f}}<extra></extra>",
        )
    if best is not None:
        figure.add_vline(x=best + 1, line={"dash": "dot", "color": QUIET}, annotation_text="kept")
    figure.update_xaxes(title="epoch", dtick=_step(max((len(v) for v in curves.values()), default=1)))
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": 1.12})
    return _plain(figure, 320)


def score_histogram(
    scores: Sequence[float], *, mark: float | None = None, band: tuple[float, float] | None = None
) -> go.Figure:
    """How many photos have which score. mark: one more score, as a line; band: its honest range, shaded."""
    count, edges = np.histogram(np.asarray(scores, float), bins=BINS)
    middle = (edges[1:] + edges[:-1]) / 2
    figure = go.Figure()
    figure.add_bar(
        x=middle,
        y=count,
        width=np.diff(edges) * 0.9,
        marker={"color": middle, "colorscale": [[0, BAD], [1, GOOD]], "line": {"width": 0}},
        hovertemplate="score about %{x:.0%}: %{y:,} photos<extra></extra>",
    )
    if band:
        figure.add_vrect(*band, fillcolor=YOU, opacity=0.15, line_width=0)
    if mark is not None:
        figure.add_vline(x=mark, line={"color": YOU, "width": 3}, annotation={"text": "yours", "font": {"color": YOU}})
    figure.update_xaxes(title="score", tickformat=".0%")
    figure.update_yaxes(title="photos")
    return _plain(figure, 240)


def accuracy(accuracy: float, low: float, high: float, *, ceiling: float | None = None) -> go.Figure:
    """The accuracy and its interval on one line, between a coin's 50 % and the ceiling, with the article's 60 %."""
    figure = go.Figure()
    figure.add_scatter(
        x=[accuracy],
        y=[0],
        mode="markers",
        marker={"color": GOOD, "size": 14},
        error_x={"array": [high - accuracy], "arrayminus": [accuracy - low], "color": GOOD, "thickness": 3},
        hovertemplate=f"%{{x:.1%}}, 95 % interval {low:.1%} to {high:.1%}<extra></extra>",
    )
    lines = {"a coin": 0.5, "the article": ARTICLE, **({"best possible": ceiling} if ceiling else {})}
    for x in lines.values():
        figure.add_vline(x=x, line={"dash": "dot", "color": QUIET})
    figure.update_yaxes(visible=False, range=[-1, 1])
    figure.update_xaxes(
        range=[min(0.47, low - 0.02), max(0.68, high + 0.02, (ceiling or 0) + 0.03)],
        tickvals=list(lines.values()),
        ticktext=[f"{text}<br>{100 * x:.3g} %" for text, x in lines.items()],
        showgrid=False,
        zeroline=False,
    )
    return _plain(figure, 140)


def forest(rows: Sequence[dict], columns: dict[str, str]) -> go.Figure:
    """Effects with their 95 % intervals, a line for each row, its label above, and a panel for each of `columns`.

    rows: {"label", and for each column's key an effect, or None: {"points": [value, low, high], "found", "n", "said"}},
    top first; columns: key -> title. Points are of the percentile, -50..50; what is not found is grey."""
    figure = make_subplots(
        cols=len(columns), shared_yaxes=True, horizontal_spacing=0.02, column_titles=[*columns.values()]
    )
    for panel, key in enumerate(columns, 1):
        lines = [(len(rows) - i, row["label"], row[key]) for i, row in enumerate(rows) if row[key]]
        value, low, high = np.array([effect["points"] for *_, effect in lines]).reshape(-1, 3).T
        colours = [QUIET if not e["found"] else GOOD if e["points"][0] > 0 else BAD for *_, e in lines]
        for colour in (GOOD, BAD, QUIET):
            mine = [i for i, one in enumerate(colours) if one == colour]
            figure.add_scatter(
                x=value[mine],
                y=[lines[i][0] for i in mine],
                mode="markers",
                marker={"color": colour, "size": 9, "symbol": "circle-open" if colour == QUIET else "circle"},
                error_x={"array": (high - value)[mine], "arrayminus": (value - low)[mine], "width": 0, "thickness": 2},
                customdata=[_told(*lines[i][1:]) for i in mine],
                hovertemplate="%{customdata}<extra></extra>",
                row=1,
                col=panel,
            )
        figure.add_vline(x=0, line={"color": QUIET, "width": 1}, row=1, col=panel)
    for i, row in enumerate(rows):
        figure.add_annotation(
            text=row["label"],
            x=0,
            xref="paper",
            xanchor="left",
            y=len(rows) - i + 0.15,
            yanchor="bottom",
            showarrow=False,
            font={"size": 13},
        )
        edge = len(rows) - i + 0.8
        figure.add_shape(
            x0=0, x1=1, xref="paper", y0=edge, y1=edge, yref="y", line={"color": QUIET, "width": 1}, opacity=0.25
        )
    ends = [end for row in rows for key in columns if row[key] for end in row[key]["points"]]
    reach = 1.15 * max(map(abs, ends), default=1) or 1
    tick = float(f"{0.6 * reach:.1g}")
    figure.update_xaxes(
        range=[-reach, reach],
        zeroline=False,
        tickvals=[-tick, 0, tick],
        ticktext=[f"\u2212{tick:g}", "0", f"+{tick:g}"],
    )
    figure.update_yaxes(visible=False, range=[0.4, len(rows) + 0.95])
    return _plain(figure, 70 + 34 * len(rows)).update_layout(margin={"t": 36}, hovermode="closest")


def _told(label: str, effect: dict) -> str:
    value, low, high = effect["points"]
    told = f"{effect.get('said', label)}: {value:+.1f} points ({low:+.1f} to {high:+.1f})<br>{effect['n']:,} photos"
    return told if effect["found"] else f"{told}<br>no measurable effect"


def dose_response(levels: Sequence[dict]) -> go.Figure:
    """What more and more of an edit does: points of the percentile with their 95 % interval, and 0, the photo as it is.

    levels: {"level", "said", "points": [value, low, high]}, rising."""
    doses = np.array([0.0, *(one["level"] for one in levels)])
    points = np.array([[0.0] * 3, *(one["points"] for one in levels)])
    said = ["as it is", *(one["said"] for one in levels)]
    by_dose = np.argsort(doses)
    (doses, points), said = (doses[by_dose], points[by_dose]), [said[i] for i in by_dose]
    colour = GOOD if levels[-1]["points"][0] > 0 else BAD
    figure = go.Figure()
    band = {"x": [*doses, *doses[::-1]], "y": [*points[:, 1], *points[::-1, 2]]}
    figure.add_scatter(**band, fill="toself", fillcolor=colour, opacity=0.2, mode="none", hoverinfo="skip")
    figure.add_scatter(
        x=doses,
        y=points[:, 0],
        mode="lines+markers",
        line={"color": colour},
        customdata=[
            f"{what}: {value:+.1f} points ({low:+.1f} to {high:+.1f})"
            for what, (value, low, high) in zip(said, points, strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.add_hline(y=0, line={"color": QUIET, "width": 1})
    figure.update_xaxes(tickvals=[doses[0], doses[-1]], ticktext=[said[0], said[-1]], showgrid=False, zeroline=False)
    figure.update_yaxes(nticks=4, zeroline=False)
    return _plain(figure, 150)


def _wilson(share: np.ndarray, n: np.ndarray, z: float = 1.96) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % Wilson interval of a share seen in n photos."""
    n = np.maximum(n, 1)
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return np.minimum(centre - half, share), np.maximum(centre + half, share)


def _step(n: int) -> int:
    return max(1, round(n / 10))


def _plain(figure: go.Figure, height: int) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 24, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        dragmode=False,
    )
    if figure.layout.showlegend is None:
        figure.update_layout(showlegend=False)
    figure.update_xaxes(fixedrange=True, automargin=True)
    figure.update_yaxes(fixedrange=True, automargin=True)
    return figure
