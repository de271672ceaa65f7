import subprocess
import sys


def test_reading_requests_loads_no_heavy_module() -> None:
    heavy = "numpy PIL boto3 botocore fastapi pydantic numba regex httpx obstore asyncio"
    script = (
        "import sys, pixelshift.request.parse, pixelshift.request.signature, pixelshift.request.link\n"
        f"print(' '.join(sorted(set(sys.modules) & set({heavy.split()!r}))))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
