"""What every face translates to and from: one HTTP request, one HTTP response."""

from collections.abc import Mapping

from pixelshift.value import field, frozen


@frozen
class HttpRequest:
    """A request as the client sent it, whatever carried it."""

    method: str
    path: str
    """Percent-encoding kept, without stage or mount prefix."""
    query: tuple[tuple[str, str], ...] = ()
    """Decoded pairs in the order sent."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name; repeated ones joined by ``", "``."""
    behind_load_balancer: bool = False
    """An ALB event: upstream then leaves a CORS header out."""
    client: str = ""
    """The address that asks, behind the proxies that are trusted; empty where nobody knows."""
    deadline_s: float | None = None
    """On the clock of :func:`time.monotonic`; ``None`` leaves it to the service's own limit."""

    def parameters(self) -> dict[str, str]:
        """The query as a map; of a repeated name the last value counts, at its first place."""
        return dict(self.query)


@frozen
class HttpResponse:
    """An answer. ``Content-Length`` is the face's business, but for HEAD, where the body is already gone."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    facts: Mapping[str, object] = field(default_factory=dict)
    """For logs and metrics: ``cache``, ``code``, ``detail``, ``timings_ms``; never sent."""

    def header(self, name: str) -> str | None:
        """The value of a header, letter case ignored."""
        wanted = name.lower()
        return next((value for known, value in self.headers if known.lower() == wanted), None)
