"""Signed URLs: whoever has no valid signature learns nothing else."""

import time
from collections.abc import Callable, Mapping
from itertools import islice

from pixelshift.errors import ForbiddenError
from pixelshift.request.signature import PARAMETER, verify_signature
from pixelshift.secret.base import SignatureKeys
from pixelshift.value import frozen

_KEYS_TRIED = 4
_READY_S = 60.0


@frozen
class _Remembered:
    keys: tuple[bytes, ...]
    until_s: float


class SignedGate:
    """Checks the ``signature`` parameter (contract, 8.1) against keys that may have to be fetched first."""

    def __init__(
        self, keys: SignatureKeys, *, accept_v6: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keys = keys
        self._accept_v6 = accept_v6
        self._clock = clock
        self._remembered = _Remembered((), 0.0)

    def check(self, path: str, parameters: Mapping[str, str]) -> None:
        """Tries the keys until one fits; may ask their keeper.

        :raises InvalidRequestError: 400 ``AuthorizationQueryParametersError``: there is no signature.
        :raises ForbiddenError: 403 ``SignatureDoesNotMatch``: it fits no key.
        :raises InternalError: 500 ``SignatureValidationFailure``: there is no usable key.
        """
        if not parameters.get(PARAMETER):
            verify_signature(path, parameters.items(), ())  # refuses, without a call for the key
        tried: list[bytes] = []
        refusal: ForbiddenError | None = None
        for key in islice(self._keys.candidates(), _KEYS_TRIED):
            tried.append(key)
            try:
                verify_signature(path, parameters.items(), (key,), accept_v6=self._accept_v6)
            except ForbiddenError as error:
                refusal = error
            else:
                self._remembered = _Remembered(tuple(tried), self._clock() + _READY_S)
                return
        if refusal is not None:
            raise refusal

    def check_quickly(self, path: str, parameters: Mapping[str, str]) -> bool:
        """Whether the signature fits a key that fitted a moment ago; ``False`` only means: :meth:`check` it."""
        remembered = self._remembered
        if not remembered.keys or self._clock() >= remembered.until_s or not parameters.get(PARAMETER):
            return False
        try:
            verify_signature(path, parameters.items(), remembered.keys, accept_v6=self._accept_v6)
        except ForbiddenError:
            return False
        return True
