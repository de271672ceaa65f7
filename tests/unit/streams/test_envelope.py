import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pixelshift.streams.envelope import Envelope

values = st.one_of(st.floats(-1e6, 1e6), st.just(float("nan")))


@given(st.lists(values, max_size=60), st.integers(0, 5))
def test_buckets_hold_low_high_and_mean_of_their_observations(given_values: list[float], start: int) -> None:
    envelope = Envelope(start, buckets=8)
    envelope.extend(given_values)
    buckets = list(envelope)
    assert len(buckets) <= 8
    assert [b.start for b in buckets] == list(range(start, start + len(given_values), envelope.size))
    for bucket in buckets:
        held = np.array(given_values[bucket.start - start : bucket.start - start + bucket.size])
        held = held[np.isfinite(held)]
        if held.size == 0:
            assert np.isnan([bucket.low, bucket.high, bucket.mean]).all()
        else:
            assert (bucket.low, bucket.high) == (held.min(), held.max())
            np.testing.assert_allclose(bucket.mean, held.mean(), rtol=1e-9, atol=1e-6)


def test_means_of_huge_values_do_not_overflow() -> None:
    envelope = Envelope(buckets=2)
    envelope.extend([1.7e308] * 9)
    assert all(np.isclose(bucket.mean, 1.7e308) for bucket in envelope)
