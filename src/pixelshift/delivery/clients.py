"""What one client may have of a shared service: so many pictures at once, so many new ones a second."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from pixelshift.errors import OverloadedError
from pixelshift.value import frozen, mutable

_NETWORK_BITS = 64
"""An IPv6 client has at least so large a network to itself; its addresses count as one."""


@frozen
class ClientLimits:
    """Limits for each client; 0 is none. Only pictures that have to be made count, stored ones are free."""

    at_once: int = 0
    per_second: float = 0.0
    burst: int = 20
    """How many may come together after a pause, where ``per_second`` is set."""
    remembered: int = 65_536
    """Clients that are kept account of; beyond that, who has been quiet longest is forgotten."""


@mutable
class _Account:
    tokens: float
    counted_s: float
    under_way: int = 0


class Place:
    """Room that a client has taken; given up once, by :meth:`leave` or :meth:`give_back`."""

    __slots__ = ("_account", "_clients")

    def __init__(self, clients: "Clients", account: _Account) -> None:
        self._clients = clients
        self._account = account

    def leave(self) -> None:
        """The picture is done."""
        self._clients.settle(self._account, refund=0.0)

    def give_back(self) -> None:
        """No picture had to be made for it."""
        self._clients.settle(self._account, refund=1.0)


class Clients:
    """Accounts by address. Thread-safe; never more than ``remembered`` and those who have a picture under way."""

    def __init__(self, limits: ClientLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    def __len__(self) -> int:
        return len(self._accounts)

    def admit(self, address: str) -> Place:
        """Takes room for one picture.

        :raises OverloadedError: 429 ``TooManyRequests``, with the seconds after which there is room again.
        """
        limits, now_s = self._limits, self._clock()
        with self._lock:
            account = self._account(network_of(address), now_s)
            if limits.at_once and account.under_way >= limits.at_once:
                raise _too_many(f"{limits.at_once} pictures are being made for you already.", 1)
            if limits.per_second:
                earned = (now_s - account.counted_s) * limits.per_second
                account.tokens = min(float(limits.burst), account.tokens + earned)
                account.counted_s = now_s
                if account.tokens < 1.0:
                    wait_s = math.ceil((1.0 - account.tokens) / limits.per_second)
                    raise _too_many(f"At most {limits.per_second:g} new pictures a second are made for you.", wait_s)
                account.tokens -= 1.0
            account.under_way += 1
            self._forget_the_quiet()
            return Place(self, account)

    def settle(self, account: _Account, *, refund: float) -> None:
        """Ends what :meth:`admit` began."""
        with self._lock:
            account.under_way -= 1
            account.tokens = min(float(self._limits.burst), account.tokens + refund)

    def _account(self, name: str, now_s: float) -> _Account:
        account = self._accounts.get(name)
        if account is None:
            account = self._accounts[name] = _Account(float(self._limits.burst), now_s)
        self._accounts.move_to_end(name)
        return account

    def _forget_the_quiet(self) -> None:
        excess = len(self._accounts) - self._limits.remembered
        if excess > 0:
            quiet = (name for name, account in self._accounts.items() if not account.under_way)
            for name, _ in list(zip(quiet, range(excess), strict=False)):
                del self._accounts[name]


def network_of(address: str) -> str:
    """What counts as one client: an IPv4 address, or an IPv6 network; text that is neither stands for itself."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> (128 - _NETWORK_BITS) << (128 - _NETWORK_BITS)))
    return str(parsed)


def _too_many(message: str, retry_after_s: int) -> OverloadedError:
    return OverloadedError(message, status=429, code="TooManyRequests", retry_after_s=retry_after_s)
