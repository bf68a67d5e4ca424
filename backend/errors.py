"""Errors of the domain, each with a stable code; backend.web.problems maps them to HTTP."""

from __future__ import annotations

from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal with a stable code, an HTTP status to answer it with, and a sentence for the caller."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request was refused"

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra


class NotSignedIn(DomainError):
    """No valid access token or session came with the request."""

    code, status, title = "not_signed_in", 401, "Sign in first"


class WrongCredentials(DomainError):
    """The the email address or password is incorrect, or the account is not active."""

    code, status, title = "wrong_credentials", 401, "Email or password is wrong"


class WeakPassword(DomainError):
    """The password is too short, or easily guessed; the detail says what to use instead."""

    code, status, title = "weak_password", 422, "Choose another password"


class LinkOver(DomainError):
    """The link to set a password was used, has expired, or was replaced by a newer one."""

    code, status, title = "link_over", 410, "This link cannot be used any more"


class NotAllowed(DomainError):
    """The person is known and may not do this."""

    code, status, title = "not_allowed", 403, "Not allowed"


class NotFound(DomainError):
    """There is no such thing, or none that this person may know of."""

    code, status, title = "not_found", 404, "Not found"


class InvalidTransition(DomainError):
    """The alert is not in a state from which this can be done."""

    code, status, title = "invalid_transition", 409, "Not possible in this state"


class StillStanding(DomainError):
    """The alert would be closed while its situation still stands; ``standing`` says how, and it must be confirmed."""

    code, status, title = "still_standing", 409, "This still stands"


class InvalidRequest(DomainError):
    """The body or the query is not of the documented form."""

    code, status, title = "invalid_request", 422, "The request is not of the documented form"


class MalformedJson(DomainError):
    """The body is not JSON."""

    code, status, title = "malformed_json", 400, "The body is not JSON"


class UnsupportedMediaType(DomainError):
    """The body is not of the kind that is read here."""

    code, status, title = "unsupported_media_type", 415, "The body is not of a kind that is read here"


class UnknownTag(DomainError):
    """No tag has this serial."""

    code, status, title = "unknown_tag", 404, "Unknown tag"


class WrongSignature(DomainError):
    """The request is not signed with the key of the tag, or of the provider, that it claims to come from."""

    code, status, title = "wrong_signature", 401, "The signature is wrong"


class EmptyBatch(DomainError):
    """A batch without a single fix or event."""

    code, status, title = "empty_batch", 422, "The batch is empty"


class BatchTooLarge(DomainError):
    """A batch with more fixes than one request may carry."""

    code, status, title = "batch_too_large", 422, "The batch is too large"


class NeedsConfirmation(DomainError):
    """The change leaves someone unprotected or unjudged; ``warnings`` says what in words, and it must be confirmed."""

    code, status, title = "needs_confirmation", 409, "Confirm what this change means"


class InvalidRecord(DomainError):
    """The entry contradicts itself or the record; the detail says how."""

    code, status, title = "invalid_record", 422, "The entry cannot be true"


class TooManyAttempts(DomainError):
    """Too many attempts to sign in, or to guess a code; the next one counts after ``retry_after_s`` seconds."""

    code, status, title = "too_many_requests", 429, "Too many attempts"

    def __init__(self, detail: str, retry_after_s: int) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class StorageUnavailable(DomainError):
    """Nothing was kept; the caller sends the same again after ``retry_after_s`` seconds."""

    code, status, title = "storage_unavailable", 503, "Not stored, send again"

    def __init__(self, detail: str, retry_after_s: int = 5) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


def every_error() -> list[type[DomainError]]:
    """Return all refusals, for the documentation and its test."""
    found: list[type[DomainError]] = []
    pending = [DomainError]
    while pending:
        kind = pending.pop()
        found.append(kind)
        pending.extend(kind.__subclasses__())
    return sorted(found[1:], key=lambda kind: (kind.status, kind.code))
