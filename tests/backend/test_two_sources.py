"""The rule "do two sources use one tag's key?"."""

from __future__ import annotations

import pytest

from backend.two_sources import Placed, are_two

HOME, FORGED = (51.50, -0.10), (51.60, -0.10)  # 11 km apart.


def seen(
    *places: tuple[float, float], every_s: float = 30.0, requests: str | None = None, drift: float = 1e-5
) -> list[Placed]:
    """Return one position after the other, each from a request of its own, with the noise of a receiver."""
    return [
        Placed(every_s * n, lat + drift * n, lon, 10.0, requests or f"request {n}")
        for n, (lat, lon) in enumerate(places)
    ]


@pytest.mark.parametrize(
    ("placed", "is_two"),
    [
        pytest.param(seen(HOME, FORGED, HOME, FORGED), True, id="to and fro and there again"),
        pytest.param(seen(HOME, HOME, FORGED, HOME, HOME, FORGED), True, id="one reports twice as often as the other"),
        pytest.param(seen(HOME, FORGED, HOME), False, id="one fix that was far off"),
        pytest.param(seen(HOME, FORGED, FORGED, FORGED), False, id="it went there in a way that is not known"),
        pytest.param(seen(HOME, FORGED, HOME, (51.40, -0.10), HOME), False, id="two fixes far off, each elsewhere"),
        pytest.param(seen(HOME, FORGED, HOME, FORGED, every_s=300.0), False, id="a journey to and fro"),
        pytest.param(seen(HOME, FORGED, HOME, FORGED, requests="one"), False, id="all in one request"),
        pytest.param(seen(HOME, (51.52, -0.10), HOME, (51.52, -0.10)), False, id="nearer than a receiver may err"),
        pytest.param(seen(HOME, (51.50, 0.10), HOME, (51.50, 0.10)), False, id="the sign of the longitude lost"),
        pytest.param(seen(HOME, (51.50, 0.0), HOME, (51.50, 0.0)), False, id="the longitude lost"),
        pytest.param(seen(HOME, (-0.10, 51.50), HOME, (-0.10, 51.50)), False, id="axes swapped"),
        pytest.param([], False, id="nothing"),
    ],
)
def test_two_sources(placed: list[Placed], is_two: bool) -> None:
    assert are_two(placed) is is_two


def test_a_device_that_tells_again_where_it_was_is_one_source() -> None:
    way = [(51.50 + 0.02 * n, -0.10) for n in range(4)]
    placed = seen(*way, every_s=60.0, drift=0.0)
    kept = [Placed(60.0 * n + 5.0, *way[0], 10.0, f"kept {n}") for n in (2, 3)]
    assert not are_two([*placed, *kept])
