"""How much of fc7 a map keeps, in figures of the literature, each from a sample of the photos so that it takes seconds.

In: features (N, D) and one or more maps of the same photos, places (N, 2). Out: the FIGURES of each map.
"""

from __future__ import annotations

import numpy as np

SEED = 0
K = 10  # neighbours, as in Kobak & Berens 2019
SAMPLE = 1000  # photos asked; a recall's standard error is then below 0.01
CENTRES, MEMBERS = 100, 50  # crowds by k-means, and photos in each of them on average
FEWEST = 3 * K  # photos: among fewer, 10 neighbours are no longer near ones

FIGURES = {  # name -> what it says, in plain words; each is 1 at best
    "neighbours_kept": f"of a photo's {K} nearest in fc7, the share among its {K} nearest on the map (kNN recall)",
    "trustworthy": "how little strangers intrude among the neighbours on the map (trustworthiness)",
    "centres_kept": f"of a crowd's {K} nearest crowds in fc7, the share still nearest on the map (KNC)",
    "distances_kept": "rank correlation of the distances between photos, in fc7 and on the map (CPD)",
}


def quality(features: np.ndarray, maps: dict[str, np.ndarray], seed: int = SEED) -> dict[str, dict[str, float]]:
    """name of a map -> {figure: value}, all maps asked about the same photos; {} for fewer than 30 photos, or
    photos all alike, which have no nearest ones.

    features: (N, D); each map: (N, 2). neighbours_kept, centres_kept in 0..1, distances_kept in -1..1: Kobak & Berens
    2019 ("The art of using t-SNE for single-cell transcriptomics", Methods) with the centres of k-means where they
    have known classes. trustworthy in 0..1: Venna & Kaski 2001, of the sample among itself."""
    from scipy.spatial.distance import pdist
    from scipy.stats import spearmanr
    from sklearn.manifold import trustworthiness

    n = len(features)
    if n < FEWEST or not np.ptp(features, axis=0).any():
        return {}
    features = features - features.mean(axis=0)  # distances of float32 are exact about the middle
    shuffled = np.random.default_rng(seed).permutation(n)
    rows, members = shuffled[:SAMPLE], shuffled[: CENTRES * MEMBERS]
    crowd = _crowds(features[members], seed)
    near, apart = nearest(features, rows), pdist(features[rows])
    near_centres = _nearest_centres(features[members], crowd)
    found = {}
    for name, places in maps.items():
        figures = (
            kept(near, nearest(places, rows)),
            trustworthiness(features[rows], places[rows], n_neighbors=K),
            kept(near_centres, _nearest_centres(places[members], crowd)),
            spearmanr(apart, pdist(places[rows])).statistic,
        )
        found[name] = {figure: round(float(value), 4) for figure, value in zip(FIGURES, figures, strict=True)}
    return found


def planes(coordinates: np.ndarray, seed: int = SEED) -> dict[str, np.ndarray]:
    """The flat rivals of a map, from PCA coordinates (N, C): the plane of the first two, and a random one, (N, 2)."""
    across = np.random.default_rng(seed).normal(size=(coordinates.shape[1], 2))
    basis, _ = np.linalg.qr(across)  # two directions at right angles
    return {"PCA": coordinates[:, :2], "random plane": coordinates @ basis.astype(coordinates.dtype)}


def nearest(points: np.ndarray, rows: np.ndarray, k: int = K) -> np.ndarray:
    """int (M, k): the k points nearest to each of these M rows of points (N, D), by Euclid, without themselves.

    k is one less than N at most."""
    from sklearn.neighbors import NearestNeighbors

    k = min(k, len(points) - 1)
    found = NearestNeighbors(n_neighbors=k + 1).fit(points).kneighbors(points[rows], return_distance=False)
    # A photo with doubles need not come first, nor at all: then the farthest goes in its place
    own = found == rows[:, None]
    own[~own.any(axis=1), -1] = True
    return found[~own].reshape(len(rows), k)


def kept(near: np.ndarray, near_on_map: np.ndarray) -> float:
    """The share, 0..1, of each row's neighbours (M, k) that are among its neighbours of the other kind (M, k)."""
    if not near.size:  # a single crowd has no neighbours to lose
        return 1.0
    return float((near[:, :, None] == near_on_map[:, None, :]).any(axis=2).mean())


def _crowds(features: np.ndarray, seed: int) -> np.ndarray:
    """int (N,), 0..C-1: the crowd of each photo by k-means, 100 of them or as many as have 10 photos on average."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    wanted = min(CENTRES, len(features) // K)
    with threadpool_limits(1):  # for so little work threads would wait for each other, a second on a busy machine
        crowd = KMeans(wanted, n_init=1, max_iter=30, random_state=seed).fit_predict(features)
    return np.unique(crowd, return_inverse=True)[1]


def _nearest_centres(points: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    """int (C, k): the crowds whose centres are nearest to each crowd's; k is 10, or half of C where that is less."""
    count = np.bincount(crowd)
    centres = np.stack([np.bincount(crowd, weights=axis) / count for axis in points.T], axis=1)  # (C, D)
    every = np.arange(len(centres))
    return nearest(centres, every, k=min(K, len(centres) // 2))
