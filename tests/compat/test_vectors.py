"""The contract's vectors, through the Lambda handler in processes of its own."""

import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent


def test_every_vector_of_the_lambda_contract_is_met() -> None:
    run = subprocess.run(
        [sys.executable, _HERE / "run_vectors.py", _HERE / "image-vectors.json", "--target", "lambda-v7"],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
