"""Many places against one zone at once, for replays and maps: distances and probabilities without a memory."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zones.evidence import MODEL, T_RADIUS_68, Model, probabilities_inside
from zones.zone import Zone, ZoneKind


class Survey(NamedTuple):
    """One value for each place: signed metres to the edge of the forbidden side, and the probability of being on it."""

    distance_m: np.ndarray
    probability_inside: np.ndarray


def survey(
    zone: Zone, lats: np.ndarray, lons: np.ndarray, accuracies_m: np.ndarray | None = None, model: Model = MODEL
) -> Survey:
    """Return the distance and the probability of the forbidden side for arrays of places in degrees.

    `accuracies_m` are 68 % radii in metres; NaN, or None for all, takes the default for satellite fixes.

    Raises: ValueError when a place is not a number or out of range, since NaN would read as safe.
    """
    lats, lons = np.asarray(lats, dtype=float), np.asarray(lons, dtype=float)
    if not (np.all(np.abs(lats) <= 90) and np.all(np.abs(lons) <= 180)):
        raise ValueError("A latitude or longitude is not a number or out of range.")
    claimed = np.full(lats.shape, np.nan) if accuracies_m is None else np.asarray(accuracies_m, dtype=float)
    accuracies = np.where(claimed > 0, np.maximum(claimed, model.floor_m), model.unclaimed_gnss_m)
    shape = zone.shape
    distances = shape.distances_m(*shape.frame.locals_from_degrees(lats, lons))
    probabilities = probabilities_inside(distances, accuracies / T_RADIUS_68, shape.depth_m, shape.half_breadth_m)
    if zone.kind is ZoneKind.EXCLUSION:
        return Survey(distances, probabilities)
    return Survey(-distances, 1 - probabilities)
