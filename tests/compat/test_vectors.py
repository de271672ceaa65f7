"""The contract's vectors, through the Lambda handler in processes of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

_HERE = Path(__file__).parent


# own-vectors.json: ours, answered by sharp 0.34.2 run under the contract's rules for the order of edits.
@pytest.mark.parametrize("vectors", ["image-vectors.json", "own-vectors.json"])
def test_every_vector_of_the_lambda_contract_is_met(vectors: str) -> None:
    run = subprocess.run(
        [sys.executable, _HERE / "run_vectors.py", _HERE / vectors, "--target", "lambda-v7"],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
