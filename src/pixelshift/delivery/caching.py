"""HTTP caching over a store of bytes: how long an answer is fresh, how long it may be served stale (RFC 9111, 5861)."""

import json
import time
from collections.abc import Callable
from enum import StrEnum

from pixelshift.cache.base import CacheStore, Entry
from pixelshift.delivery.representation import HeaderMap, Identity, Representation
from pixelshift.net.cache_control import directives, lifetime_s, seconds
from pixelshift.net.date import parse_date
from pixelshift.value import frozen

_ERROR_TTL_S = 10


class Freshness(StrEnum):
    """What may be done with a stored answer."""

    FRESH = "fresh"
    RENEWING = "renewing"
    """Stale, but may be served while it is renewed."""
    STALE = "stale"
    """Must be renewed first; may still stand in when that fails."""
    GONE = "gone"


@frozen
class Ages:
    """How long entries live where their own headers do not say, and at most."""

    max_ttl_s: int = 86_400
    stale_while_revalidate_s: int = 60
    stale_if_error_s: int = 86_400


def freshness_lifetime_s(headers: HeaderMap, now_s: float) -> int | None:
    """Seconds for which these headers let a shared cache serve an answer unasked; ``None`` forbids storing it."""
    expires = parse_date(headers.find("Expires"))
    left_s = None if expires is None else expires.timestamp() - now_s
    return lifetime_s(headers.find("Cache-Control") or "", left_s)


class HttpCache:
    """Representations under the key of a normalised request."""

    def __init__(self, store: CacheStore, ages: Ages, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._ages = ages
        self._clock = clock

    def look(self, key: str) -> Entry | None:
        """What is stored, whatever its age."""
        return self._store.get(key)

    def judge(self, entry: Entry) -> Freshness:
        """What may be done with an entry now."""
        now_s = self._clock()
        if now_s < entry.fresh_until_s:
            return Freshness.FRESH
        if now_s < float(entry.extra.get("renewing_until_s", 0)):
            return Freshness.RENEWING
        return Freshness.STALE if now_s < entry.stale_until_s else Freshness.GONE

    def fresh_for(self, entry: Entry) -> tuple[int, int] | None:
        """An entry's age and its seconds of freshness left, by one look at the clock; ``None`` where it is stale."""
        now_s = self._clock()
        if now_s >= entry.fresh_until_s:
            return None
        return max(0, int(now_s - entry.stored_at_s)), int(entry.fresh_until_s - now_s)

    def may_stand_in(self, entry: Entry) -> bool:
        """Whether a stale entry may be served because renewing it failed."""
        return self._clock() < float(entry.extra.get("stand_in_until_s", 0))

    def age_s(self, entry: Entry) -> int:
        """The Age header's value."""
        return max(0, int(self._clock() - entry.stored_at_s))

    def ttl_s(self, entry: Entry) -> int:
        """Seconds of freshness left, negative when stale (RFC 9211, 2.3)."""
        return int(entry.fresh_until_s - self._clock())

    def generation(self) -> int:
        """To be read before an answer is begun; see :class:`pixelshift.cache.base.CacheStore`."""
        return self._store.generation()

    def keep(self, key: str, made: Representation, generation: int) -> bool:
        """Stores an answer if its headers let a shared cache do so; returns whether they do."""
        fresh_s = freshness_lifetime_s(HeaderMap(made.headers), self._clock())
        if fresh_s is None or (made.error is not None and fresh_s == 0):
            return False
        self._store.put(key, self._entry(made, fresh_s), generation=generation)
        return True

    def renew(self, key: str, made: Representation, generation: int) -> Entry:
        """Restarts the life of an answer whose originals still stand, by the headers that it has now.

        Where these forbid storing it, nothing that was made of the original stays; this answer is the last.
        """
        fresh_s = freshness_lifetime_s(HeaderMap(made.headers), self._clock())
        renewed = self._entry(made, fresh_s or 0)
        if fresh_s is None:
            self._store.purge_tag(renewed.tags[0])
        else:
            self._store.put(key, renewed, generation=generation)
        return renewed

    def _entry(self, made: Representation, fresh_s: int) -> Entry:
        now_s = self._clock()
        headers = HeaderMap(made.headers)
        fresh_s = min(fresh_s - made.age_s, _ERROR_TTL_S if made.error else self._ages.max_ttl_s)
        renewing_s, stand_in_s = (0, 0) if made.error else self._stale_s(headers)
        fresh_until_s = now_s + fresh_s
        extra = {
            "identities": json.dumps(made.identities),
            "renewing_until_s": str(fresh_until_s + renewing_s),
            "stand_in_until_s": str(fresh_until_s + stand_in_s),
        }
        if made.error is not None:
            extra["code"] = made.error.code
        return Entry(
            body=made.body,
            status=made.status,
            headers=tuple(made.headers.items()),
            stored_at_s=now_s - made.age_s,
            fresh_until_s=fresh_until_s,
            stale_until_s=fresh_until_s + max(renewing_s, stand_in_s),
            tags=tuple(f"{bucket}/{name}" for bucket, name, _ in made.identities),
            extra=extra,
        )

    def purge_source(self, tag: str) -> int:
        """Drops everything made from the original ``bucket/key``; returns how many entries."""
        return self._store.purge_tag(tag)

    def purge_prefix(self, prefix: str) -> int:
        """Drops everything made from originals whose ``bucket/key`` begins so."""
        return self._store.purge_prefix(prefix)

    def purge_all(self) -> int:
        """Drops everything."""
        return self._store.clear()

    def _stale_s(self, headers: HeaderMap) -> tuple[int, int]:
        """Seconds past freshness for which an entry may be served (while renewing, on failure)."""
        rules = directives(headers.find("Cache-Control") or "")
        if rules.keys() & {"must-revalidate", "proxy-revalidate", "no-cache"}:
            return 0, 0  # RFC 9111, 4.2.4: these forbid serving stale without having asked
        renewing_s, stand_in_s = seconds(rules.get("stale-while-revalidate")), seconds(rules.get("stale-if-error"))
        # s-maxage means proxy-revalidate too, unless the same answer names a time for going stale.
        ages = Ages(0, 0, 0) if "s-maxage" in rules else self._ages
        return (
            ages.stale_while_revalidate_s if renewing_s is None else renewing_s,
            ages.stale_if_error_s if stand_in_s is None else stand_in_s,
        )


def identities_of(entry: Entry) -> tuple[Identity, ...]:
    """The originals that an entry was made from."""
    return tuple((bucket, key, etag) for bucket, key, etag in json.loads(entry.extra.get("identities", "[]")))
