"""New photos on a map: the PCA coordinates and places of a map's photos, and those of others, come in; places come out.

Each photo is placed among those of the map alone, by openTSNE's transform: the map does not move.
"""

from __future__ import annotations

import numpy as np

PERPLEXITY = 5  # openTSNE's default for new points: a new photo belongs to few others
KEPT = 90  # neighbours that are looked for, of whom the perplexity takes 3 times itself: as many as t-SNE's own map has


def ready(coordinates: np.ndarray, places: np.ndarray):
    """A TSNEEmbedding of photos with these coordinates (N, C) at these places (N, 2), ready to place new ones."""
    import scipy.sparse
    from openTSNE import TSNEEmbedding, affinity, nearest_neighbors
    from sklearn.neighbors import NearestNeighbors

    class Saved(affinity.PerplexityBasedNN):
        """Affinities to new photos only: those among the world's own are not computed again."""

        def __init__(self, coordinates: np.ndarray) -> None:
            n = len(coordinates)
            self.knn_index = nearest_neighbors.Sklearn(coordinates, min(n - 1, KEPT))
            self.knn_index.index = NearestNeighbors(algorithm="brute").fit(coordinates)
            self.P = scipy.sparse.csr_matrix((n, n))
            self.n_jobs, self.verbose = 1, False

    # Interpolation: its grid is made once, where Barnes-Hut would build a tree of all photos 250 times a placing
    embedding = TSNEEmbedding(places, Saved(coordinates), negative_gradient_method="fft")
    embedding.prepare_interpolation_grid()
    return embedding


def placed(embedding, coordinates: np.ndarray) -> np.ndarray:
    """float32 (M, 2): where photos with these coordinates come to stand among those of the embedding."""
    placed = embedding.transform(coordinates, perplexity=min(PERPLEXITY, (len(embedding) - 1) / 3))
    return np.asarray(placed, np.float32)


def centred(places: np.ndarray) -> np.ndarray:
    """The same with the middle of their box at (0, 0): openTSNE moves it there before it places new photos."""
    return places - (places.max(axis=0) + places.min(axis=0)) / 2
