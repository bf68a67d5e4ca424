"""From a tag's request to the record and its alerts, in one transaction: store, judge, raise."""

from backend.ingest.committer import Committer
from backend.ingest.holding import KeyChanged
from backend.ingest.submission import Submission, read, refused_body, unheard

__all__ = ["Committer", "KeyChanged", "Submission", "read", "refused_body", "unheard"]
