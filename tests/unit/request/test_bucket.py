import pytest

from pixelshift.request.bucket import parse_buckets


@pytest.mark.parametrize(
    ("text", "buckets"),
    [
        ("one", ("one",)),
        (" one , two\n,\tthree ", ("one", "two", "three")),
        (",one", ("one",)),
        ("my.bucket-1", ("my.bucket-1",)),
        ("one,one", ("one",)),
        ("", ()),
        ("*", ()),
        ("one*,.,o/ne,..", ()),
        ("on e", ("one",)),
    ],
)
def test_source_buckets_are_exact_names(text: str, buckets: tuple[str, ...]) -> None:
    assert parse_buckets(text) == buckets
