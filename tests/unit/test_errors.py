import pickle

from pixelshift import errors


def test_an_error_survives_a_process_border() -> None:
    error = errors.OriginError("the origin is busy", code="SlowDown", detail="bucket b", retry_after_s=3)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is errors.OriginError
    assert copy.public() == {"status": 502, "code": "SlowDown", "message": "the origin is busy"}
    assert (copy.detail, copy.retry_after_s) == ("bucket b", 3)


def test_the_docstring_tree_names_every_class_with_its_status() -> None:
    assert errors.__doc__ is not None
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.PixelshiftError)]
    for kind in classes:
        assert kind.__name__ in errors.__doc__
    for kind in classes[1:]:
        line = next(line for line in errors.__doc__.splitlines() if kind.__name__ in line)
        assert str(kind.status) in line
