"""SSIMULACRA2 in an environment of its own: pairs of picture files as JSON lines in, scores out (100: the same)."""

import json
import sys

from ssimulacra2 import compute_ssimulacra2

for line in sys.stdin:
    original, distorted = json.loads(line)
    print(json.dumps(float(compute_ssimulacra2(original, distorted))), flush=True)
