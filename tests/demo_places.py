"""Names of places around the demo's zones, so that its maps are not bare: some of London's, each about where it is."""

from __future__ import annotations

from zones.national_grid import easting_northing

# Degrees north and east, to about 200 m.
NAMES = {
    "Arsenal": (51.5586, -0.1059),
    "Barnsbury": (51.5400, -0.1150),
    "Brixton": (51.4625, -0.1145),
    "Camberwell": (51.4740, -0.0930),
    "Canonbury": (51.5485, -0.0920),
    "Clapham": (51.4620, -0.1380),
    "Crouch End": (51.5785, -0.1235),
    "Dulwich": (51.4450, -0.0850),
    "Finsbury Park": (51.5643, -0.1062),
    "Harringay": (51.5810, -0.0990),
    "Herne Hill": (51.4530, -0.1020),
    "Highbury": (51.5520, -0.0980),
    "Holloway": (51.5530, -0.1180),
    "Hornsey": (51.5865, -0.1180),
    "Islington": (51.5380, -0.1030),
    "Loughborough Junction": (51.4660, -0.1020),
    "Manor House": (51.5705, -0.0960),
    "Stockwell": (51.4720, -0.1230),
    "Stoke Newington": (51.5620, -0.0740),
    "Streatham": (51.4280, -0.1310),
    "Streatham Hill": (51.4380, -0.1270),
    "Stroud Green": (51.5720, -0.1130),
    "Tottenham": (51.6000, -0.0680),
    "Tulse Hill": (51.4400, -0.1050),
    "Turnpike Lane": (51.5905, -0.1030),
    "West Norwood": (51.4320, -0.1030),
    "Wood Green": (51.5975, -0.1090),
}


def named(name: str, kind: str, local: str, lat: float, lon: float, around: str = "Haringey") -> str:
    """Return a line as OS Open Names has it."""
    east, north = easting_northing(lat, lon)
    row = ["osgb1", "http://x", name, "", "", "", kind, local, f"{east:.0f}", f"{north:.0f}", *[""] * 11, around]
    return ",".join([*row, "", "", "Greater London", "", ""])


def as_open_names() -> str:
    """Return them as a file of OS Open Names."""
    return "\n".join(named(name, "populatedPlace", "Suburban Area", *at, around="") for name, at in NAMES.items())
