"""The supervisors' figures over any number of alerts: counted once for each alert, and summed from columns of them."""

from backend.figures.counting import behind, count_changed
from backend.figures.filters import Filters
from backend.figures.heads import Head, heads_of, names_of_places, names_of_wearers
from backend.figures.summing import PAGE, Figures, figures_of, ids_of

__all__ = [
    "PAGE",
    "Figures",
    "Filters",
    "Head",
    "behind",
    "count_changed",
    "figures_of",
    "heads_of",
    "ids_of",
    "names_of_places",
    "names_of_wearers",
]
