"""Content negotiation: an Accept header becomes the few formats that matter, so that caches see few variants."""

from pixelshift.edits.types import Format

_ACCEPT_BYTES = 4096
_RANGES = 64


def accepted_formats(accept: str, offered: tuple[Format, ...]) -> tuple[Format, ...]:
    """The offered formats that ``accept`` names with a quality above 0, in the order of the offer.

    Only exact media types count: ``image/*`` and ``*/*`` are sent by clients that cannot show what we would choose
    (contract, 6.1). An Accept beyond any browser's size counts as none.
    """
    if not offered or len(accept) > _ACCEPT_BYTES:
        return ()
    named = {media_type for media_type, quality in _ranges(accept) if quality > 0.0}
    return tuple(one for one in offered if one.media_type in named)


def _ranges(accept: str) -> list[tuple[str, float]]:
    """Media ranges with their q-values (RFC 9110, 12.5.1)."""
    ranges = []
    for part in accept.split(",")[:_RANGES]:
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        ranges.append((media_type, _quality(parameters)))
    return ranges


def _quality(parameters: list[str]) -> float:
    """The q parameter; 1 where there is none, 0 where it cannot be read."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
