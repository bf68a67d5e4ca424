"""Random histories of cases, and a judge that reads each whole at once: what the product must have come to."""
