"""How many fixes and events one request of a tag may carry: at least one, and no more than the setting allows. Pure."""

from __future__ import annotations

from backend.errors import BatchTooLarge, EmptyBatch


def require_size(fixes: int, events: int, most: int) -> None:
    """Refuse a batch of nothing, or of more than ``most`` of either. Raises: EmptyBatch, BatchTooLarge."""
    if not fixes and not events:
        raise EmptyBatch("The batch holds no fix and no event.")
    if max(fixes, events) > most:
        raise BatchTooLarge(f"The batch holds {max(fixes, events)} items; one request may carry {most}.")
