"""Devices in DynamoDB: one table for state (heads and chunks), one for changes, one for the outbox.

Keys, in all three: ``device`` (S) and ``item`` (S). In the state table ``item`` is ``head`` or ``chunk#`` and a padded
number, elsewhere the padded sequence number and the kind of the event. A step is one ``TransactWriteItems`` whose
condition on the head's version is the guarantee: a request token would be forgotten after ten minutes.
"""

from collections.abc import Iterator
from typing import Any

from pixelshift.errors import OverloadedError
from pixelshift.net.boto import AwsClient, AwsRefusalError
from pixelshift.store.device import DeviceCommit, StoredEvent, StoredHead
from pixelshift.value import frozen

_CONFLICTS = {"ConditionalCheckFailed"}
_BUSY = {"ThrottlingError", "ProvisionedThroughputExceeded", "TransactionConflict", "RequestLimitExceeded"}


@frozen
class DeviceTables:
    """Names of the tables."""

    state: str
    changes: str
    outbox: str


class DynamoDeviceStore:
    """See :class:`pixelshift.store.device.DeviceStore`."""

    def __init__(self, client: AwsClient, tables: DeviceTables) -> None:
        self._client = client
        self._tables = tables

    def head(self, device_id: str) -> StoredHead | None:
        answer = self._client.call(
            "get_item", TableName=self._tables.state, Key=_key(device_id, "head"), ConsistentRead=True
        )
        item = answer.get("Item")
        return None if item is None else StoredHead(int(item["version"]["N"]), bytes(item["body"]["B"]))

    def chunks(self, device_id: str, first: int, end: int) -> list[bytes]:
        if first >= end:
            return []
        values = {":d": {"S": device_id}, ":a": {"S": _chunk(first)}, ":b": {"S": _chunk(end - 1)}}
        pages = items_of(
            self._client,
            "query",
            TableName=self._tables.state,
            ConsistentRead=True,
            KeyConditionExpression="device = :d AND #item BETWEEN :a AND :b",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues=values,
        )
        return [bytes(item["body"]["B"]) for item in pages]

    def commit(self, commit: DeviceCommit) -> bool:
        try:
            self._client.call("transact_write_items", TransactItems=list(self._writes(commit)))
        except AwsRefusalError as error:
            codes = {reason.get("Code") for reason in error.answer.get("CancellationReasons", ())}
            if codes & _CONFLICTS:
                return False
            if error.code == "TransactionCanceledException" and codes & _BUSY:
                raise OverloadedError("dynamodb is busy", detail=str(codes), retry_after_s=1) from error
            raise
        return True

    def outgoing(self, device_id: str | None, limit: int) -> list[StoredEvent]:
        if device_id is None:
            items = items_of(self._client, "scan", TableName=self._tables.outbox, ConsistentRead=True, **_LIVING)
        else:
            items = items_of(
                self._client,
                "query",
                TableName=self._tables.outbox,
                ConsistentRead=True,
                KeyConditionExpression="device = :d",
                ExpressionAttributeValues={":d": {"S": device_id}},
                **_LIVING,
            )
        found = []
        for item in items:
            found.append(_event(item))
            if len(found) == limit:
                break
        return found

    def sent(self, event: StoredEvent) -> None:
        self._client.call("delete_item", TableName=self._tables.outbox, Key=_key(event.device_id, event.key))

    def bury(self, event: StoredEvent, reason: str) -> None:
        self._client.call(
            "update_item",
            TableName=self._tables.outbox,
            Key=_key(event.device_id, event.key),
            UpdateExpression="SET reason = :r",
            ExpressionAttributeValues={":r": {"S": reason[:500]}},
        )

    def _writes(self, commit: DeviceCommit) -> Iterator[dict[str, Any]]:
        state = self._tables.state
        body = {**_key(commit.device_id, "head"), "body": {"B": commit.head}}
        head: dict[str, Any] = {"TableName": state, "Item": {**body, "version": {"N": str(commit.version + 1)}}}
        if commit.version:
            head |= {
                "ConditionExpression": "version = :v",
                "ExpressionAttributeValues": {":v": {"N": str(commit.version)}},
            }
        else:
            head |= {"ConditionExpression": "attribute_not_exists(device)"}
        yield {"Put": head}
        for number, chunk in commit.chunks.items():
            yield {
                "Put": {"TableName": state, "Item": {**_key(commit.device_id, _chunk(number)), "body": {"B": chunk}}}
            }
        for number in commit.dropped:
            yield {"Delete": {"TableName": state, "Key": _key(commit.device_id, _chunk(number))}}
        for event in commit.events:
            item = {
                **_key(event.device_id, event.key),
                "id": {"S": event.id},
                "kind": {"S": event.kind},
                "body": {"S": event.body},
            }
            new = {"Item": item, "ConditionExpression": "attribute_not_exists(device)"}
            yield {"Put": {"TableName": self._tables.changes, **new}}
            yield {"Put": {"TableName": self._tables.outbox, "Item": item}}


class DynamoChanges:
    """Reads the table of changes."""

    def __init__(self, client: AwsClient, table: str) -> None:
        self._client = client
        self._table = table

    def of(self, device_id: str) -> list[StoredEvent]:
        """Everything that happened to a device, in its order.

        :raises OverloadedError: throttled.
        :raises OriginError: does not answer, or refuses.
        """
        items = items_of(
            self._client,
            "query",
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="device = :d",
            ExpressionAttributeValues={":d": {"S": device_id}},
        )
        return list(map(_event, items))


def items_of(client: AwsClient, operation: str, **arguments: Any) -> Iterator[dict[str, Any]]:
    """Items of a query or a scan, page after page."""
    while True:
        answer = client.call(operation, **arguments)
        yield from answer.get("Items", ())
        if not answer.get("LastEvaluatedKey"):
            return
        arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


_LIVING = {"FilterExpression": "attribute_not_exists(reason)"}


def _key(device_id: str, item: str) -> dict[str, Any]:
    return {"device": {"S": device_id}, "item": {"S": item}}


def _chunk(number: int) -> str:
    return f"chunk#{number:012d}"


def _event(item: dict[str, Any]) -> StoredEvent:
    fields = [item[name]["S"] for name in ("device", "item", "id", "kind", "body")]
    return StoredEvent(*fields)
