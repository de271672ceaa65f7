"""Lambda's prices, from a file with its date: look before you trust it."""

import json
from importlib.resources import files
from math import ceil, isfinite
from pathlib import Path

from pixelshift.errors import InvalidRequestError
from pixelshift.value import frozen


@frozen
class Price:
    """One region and architecture."""

    region: str
    architecture: str
    as_of: str
    gb_second_usd: float
    million_requests_usd: float

    def million_usd(self, duration_ms: float, memory_mb: int) -> float:
        """A million requests: duration rounded up to whole milliseconds, times memory, and the requests themselves."""
        return self.gb_second_usd * memory_mb / 1024 * billed_ms(duration_ms) * 1000 + self.million_requests_usd


def billed_ms(duration_ms: float) -> int:
    """What is paid for: whole milliseconds, at least one."""
    return max(1, ceil(duration_ms))


def load_price(region: str, architecture: str, file: Path | None = None) -> Price:
    """Reads the price from ``file``, or from the one that comes with the package.

    :raises InvalidRequestError: no such file, region or architecture, or not in the form of ``prices.json``.
    """
    try:
        text = file.read_text() if file else (files("pixelshift.tuning") / "prices.json").read_text()
        document = json.loads(text)
        chosen = document["prices"][region][architecture]
        gb_second_usd, million_requests_usd = float(chosen["gb_second_usd"]), float(chosen["million_requests_usd"])
        if not all(isfinite(price) and price >= 0 for price in (gb_second_usd, million_requests_usd)):
            raise ValueError("a price is below 0 or no number")  # noqa: TRY301  told with the others
        return Price(region, architecture, str(document["as_of"]), gb_second_usd, million_requests_usd)
    except KeyError as error:
        raise InvalidRequestError(f"the price file has no {error.args[0]!r}") from error
    except (OSError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidRequestError(f"the price file cannot be used: {error}") from error
