"""A SAM template on standard input as the CloudFormation that AWS's transform makes of it, on standard output.

Runs in the emulators' environment, where samtranslator is. Argument: parameters as JSON, those that the transform
itself must know; the others stay references.
"""

import json
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


document = yaml_parse(sys.stdin.read())
json.dump(transform(document, json.loads(sys.argv[1]), NoManagedPolicies()), sys.stdout)
