"""The supervisors' figures over any number of alerts: counted once for each alert, and summed by the database."""

from backend.figures.counting import behind, count_changed
from backend.figures.filters import Filters
from backend.figures.summing import PAGE, Figures, figures_of, ids_of

__all__ = ["PAGE", "Figures", "Filters", "behind", "count_changed", "figures_of", "ids_of"]
