"""What a role's policies allow, and what calls of boto3 ask for; so that a missing permission fails a test."""

import ast
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient

ACCOUNT = "123456789012"
_WRITES = {"Put": "PutItem", "Delete": "DeleteItem", "Update": "UpdateItem", "ConditionCheck": "ConditionCheckItem"}


@dataclass
class Role:
    """The inline policies of one role."""

    name: str
    statements: list[dict[str, Any]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    """Actions that were asked for."""

    def allows(self, action: str, resource: str) -> bool:
        """Whether a statement allows an action on a resource; AWS's wildcards."""
        self.used.add(action)
        return any(
            statement["Effect"] == "Allow"
            and any(fnmatchcase(action, pattern) for pattern in _listed(statement["Action"]))
            and any(fnmatchcase(resource, pattern) for pattern in _listed(statement["Resource"]))
            for statement in self.statements
        )

    def actions(self) -> set[str]:
        """Everything that is allowed."""
        return {action for statement in self.statements for action in _listed(statement["Action"])}


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def role_of(iam: Any, arn: str) -> Role:
    """A role as it is stored."""
    name = arn.rpartition("/")[2]
    role = Role(name)
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        role.statements += document["Statement"]
    assert not iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"], "policies are written out"
    return role


def as_json(iam: Any) -> None:
    """Puts roles' policies anew, as moto can read them.

    Its CloudFormation keeps them in Python's notation, which its IAM does not know; and a `?` it takes for a regular
    expression's, where it stands for one character.
    """
    for role in iam.list_roles()["Roles"]:
        for policy in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=policy)["PolicyDocument"]
            if isinstance(document, str):
                text = json.dumps(ast.literal_eval(document)).replace("?", ".")
                iam.put_role_policy(RoleName=role["RoleName"], PolicyName=policy, PolicyDocument=text)


@contextmanager
def as_role(role: Role, *, region: str, stream: str = "") -> Iterator[None]:
    """Every call of boto3 in here must be allowed to ``role``."""
    real = BaseClient._make_api_call

    def call(client: BaseClient, operation: str, given: dict[str, Any]) -> Any:
        for action, resource in needed(client.meta.service_model.service_name, operation, given, region, stream):
            assert role.allows(action, resource), f"{role.name} may not {action} on {resource}"
        return real(client, operation, given)

    with patch.object(BaseClient, "_make_api_call", call):
        yield


def needed(service: str, operation: str, given: Mapping[str, Any], region: str, stream: str) -> list[tuple[str, str]]:
    """The permissions of one call, after the service authorization reference."""
    if service == "dynamodb":
        return [
            (f"dynamodb:{name}", f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{table}")
            for name, table in _tables(operation, given)
        ]
    resource = {
        "sns": given.get("TopicArn", ""),
        "sqs": f"arn:aws:sqs:{region}:{ACCOUNT}:{str(given.get('QueueUrl', '')).rpartition('/')[2]}",
        "s3": f"arn:aws:s3:::{given.get('Bucket')}/{given.get('Key')}",
        "firehose": f"arn:aws:firehose:{region}:{ACCOUNT}:deliverystream/{given.get('DeliveryStreamName')}",
        "kinesis": given.get("StreamARN") or stream,  # GetRecords names its stream by the iterator alone
    }
    assert service in resource, f"no rule for {service}.{operation}"
    return [(f"{service}:{operation}", str(resource[service]))]


def _tables(operation: str, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if operation == "TransactWriteItems":
        for item in given["TransactItems"]:
            for kind, write in item.items():
                yield _WRITES[kind], write["TableName"]
    elif operation == "BatchWriteItem":
        for table in given["RequestItems"]:
            yield operation, table
    else:
        yield operation, given["TableName"]
