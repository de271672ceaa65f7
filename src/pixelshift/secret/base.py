"""What keeps secrets, and what turns one into the keys that URL signatures are checked with."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, Protocol

from pixelshift.value import frozen

Stage = Literal["current", "previous"]


@frozen
class SecretVersion:
    """One version of a secret; ``created_at`` is when it became the current one, where the keeper says so."""

    text: str
    created_at: datetime | None = None

    def __repr__(self) -> str:
        return f"SecretVersion(created_at={self.created_at!r})"


class SecretReader(Protocol):
    """Reads secrets by name. Thread-safe."""

    def read(self, name: str, stage: Stage = "current") -> SecretVersion | None:
        """Returns that version, or ``None`` where there is none.

        :raises OriginError: the keeper failed or refused.
        """
        ...


class SignatureKeys(Protocol):
    """Yields the keys that a signature may have been made with, the likeliest first. Thread-safe.

    :raises InternalError: 500 ``SignatureValidationFailure``: there is no usable key.
    """

    def candidates(self) -> Iterator[bytes]:
        """Take keys only until one fits: later ones may cost a call."""
        ...
