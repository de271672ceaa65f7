"""Every error that Pixelshift raises on purpose.

::

    PixelshiftError                 code, status, message, detail, retry_after_s
    ├── InvalidRequestError   400   the client's mistake
    ├── ForbiddenError        403
    ├── NotFoundError         404
    ├── TooLargeError         413   input, output or work beyond a limit
    ├── UnsupportedMediaError 415
    ├── OverloadedError       429/503  try again: carries retry_after_s
    ├── OriginError           502   somebody else's failure, with retry_after_s where that helps
    ├── TimeLimitError        503
    ├── InternalError         500   ours
    └── SettingsError         500   the operator's mistake, found at start-up

``message`` is for the client and never carries a path, a secret or a stack; ``detail`` is for our logs. Faces turn an
error into a response with :meth:`PixelshiftError.public`; nobody builds error JSON by hand.
"""

from typing import Any, TypedDict


class PublicError(TypedDict):
    """The body of an error response, members in the order that the contract gives."""

    status: int
    code: str
    message: str


class PixelshiftError(Exception):
    """Base of all errors; ``code`` is stable and machine-readable."""

    status: int = 500
    code: str = "InternalError"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        detail: str = "",
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.status = status or type(self).status
        self.detail = detail
        self.retry_after_s = retry_after_s

    def public(self) -> PublicError:
        """What the client may see."""
        return {"status": self.status, "code": self.code, "message": self.message}

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders from render workers; keyword arguments need help to survive pickling.
        keywords = {name: getattr(self, name) for name in ("code", "status", "detail", "retry_after_s")}
        return _restore, (type(self), self.message, keywords)


def _restore(kind: type[PixelshiftError], message: str, keywords: dict[str, Any]) -> PixelshiftError:
    return kind(message, **keywords)


class InvalidRequestError(PixelshiftError):
    """The client's mistake."""

    status = 400
    code = "InvalidParameter"


class ForbiddenError(PixelshiftError):
    """Known to be refused, whoever asks again."""

    status = 403
    code = "Forbidden"


class NotFoundError(PixelshiftError):
    """There is no such object, or nobody may know that there is."""

    status = 404
    code = "NoSuchKey"


class TooLargeError(PixelshiftError):
    """Input, output or work beyond a limit."""

    status = 413
    code = "TooLargeImageException"


class UnsupportedMediaError(PixelshiftError):
    """The bytes are of no kind that we read."""

    status = 415
    code = "UnsupportedMediaType"


class OverloadedError(PixelshiftError):
    """Too much work at once; the same request will do later."""

    status = 503
    code = "Overloaded"


class OriginError(PixelshiftError):
    """An outside service failed."""

    status = 502
    code = "OriginFailure"


class TimeLimitError(PixelshiftError):
    """The work took longer than its limit."""

    status = 503
    code = "TimeoutException"


class InternalError(PixelshiftError):
    """Ours."""


class SettingsError(PixelshiftError):
    """The operator's mistake; raised at start-up, so no client sees it."""

    code = "InvalidSetting"
