import pytest
from hypothesis import HealthCheck, settings

from pixelshift import _native

# How busy the machine is says nothing about the code: no example has a time limit.
settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")


@pytest.fixture(params=_native.available_levels())
def cpu(request: pytest.FixtureRequest) -> str:
    """Every kernel level that this machine can run."""
    return str(request.param)
