"""The templates executed: an emulated CloudFormation makes them, functions run with what the template gives them."""

import base64
import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from io import BytesIO
from typing import Any

import pytest
from moto.backends import get_backend
from PIL import Image

from pixelshift.aws.detector import DetectorHandler
from pixelshift.aws.image import Handler
from pixelshift.aws.mapping import Delivery, MappingOptions, Place, batches
from pixelshift.aws.outbox import OutboxHandler
from pixelshift.aws.recorder import RecorderHandler
from pixelshift.aws.replay import ReplayHandler
from pixelshift.errors import OverloadedError
from pixelshift.request.signature import sign
from pixelshift.store.raw import RawRecord
from pixelshift.stream_wiring import StreamParts, stream_parts
from pixelshift.value import replace
from pixelshift.wiring import image_function
from tests.support.cloud import REGION, Cloud
from tests.support.function_scenarios import followed, large_picture
from tests.support.iam import ACCOUNT, Role, as_json, as_role, role_of
from tests.support.moto_server import moto_server
from tests.support.series import shifted
from tests.support.templates import NAMES, template, without
from tests.support.world import Context

# Of a bucket policy and a delivery stream, which nothing that is run here needs.
pytestmark = [
    pytest.mark.moto,
    pytest.mark.filterwarnings("ignore:Tried to parse"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning"
    ),  # moto's own files
]

IMAGE = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/pixelshift:1"
UNSUPPORTED = {"AWS::CloudWatch::Alarm", "AWS::Lambda::Url", "AWS::Lambda::Permission"} | {
    f"AWS::CloudFront::{kind}" for kind in ("Distribution", "OriginAccessControl", "CachePolicy", "Function")
}
"""Types that moto's CloudFormation does not make."""
LAMBDA_ITSELF = {
    *("logs:CreateLogStream", "logs:PutLogEvents"),
    *("kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator"),
    *("kinesis:ListShards", "kinesis:ListStreams"),
    *("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
}
"""What the platform does with a function's role: logs, and reading what a mapping names."""


@dataclass
class Function:
    """One deployed function."""

    environment: dict[str, str]
    role: Role
    command: str

    def parts(self) -> StreamParts:
        return stream_parts(self.environment)


@dataclass
class Stack:
    """A deployed template."""

    cloud: Cloud
    name: str
    mappings: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Event source mappings by their place in the template, as they were deployed."""

    def function(self, logical: str) -> Function:
        """By its name in the template; the environment also says where AWS is, as Lambda's does."""
        physical = self.physical(logical)
        deployed = self.cloud.client("lambda").get_function_configuration(FunctionName=physical)
        environment = deployed["Environment"]["Variables"] | {
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.cloud.urls[""],
        }
        resource = template(self.name)["Resources"][logical]["Properties"]
        role = role_of(self.cloud.client("iam"), deployed["Role"])
        return Function(environment, role, resource["ImageConfig"]["Command"][0])

    def physical(self, logical: str) -> str:
        """The name or ARN that a resource got."""
        listed = self.cloud.client("cloudformation").list_stack_resources(StackName=self.name)
        names = {r["LogicalResourceId"]: r.get("PhysicalResourceId") for r in listed["StackResourceSummaries"]}
        return str(names[logical])

    def output(self, name: str) -> str:
        """One of the stack's outputs."""
        stack = self.cloud.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0]
        return {output["OutputKey"]: str(output["OutputValue"]) for output in stack["Outputs"]}[name]


class RequestContext(Context):
    """With an id, as the image function wants it."""

    aws_request_id = "r"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with moto_server() as url:
        yield Cloud({"": url})


def _deploy(cloud: Cloud, name: str, body: dict[str, Any] | None = None, **parameters: str) -> Stack:
    shards = {"Shards": "1"} if name == "analytics" else {}
    given = {"ImageUri": IMAGE, **shards, **parameters}
    cloud.client("cloudformation").create_stack(
        StackName=name,
        TemplateBody=json.dumps(without(body or template(name), UNSUPPORTED)),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    as_json(cloud.client("iam"))
    stack = Stack(cloud, name)
    for logical, resource in template(name)["Resources"].items():
        if resource["Type"] == "AWS::Lambda::EventSourceMapping":
            stack.mappings[logical] = cloud.client("lambda").get_event_source_mapping(UUID=stack.physical(logical))
    _nobody_is_called()
    return stack


def _nobody_is_called() -> None:
    """Moto would call mapped functions by Docker; whoever reads the stream here does so by the mapping's rules."""
    for stream in get_backend("kinesis")[ACCOUNT][REGION].streams.values():
        stream.lambda_event_source_mappings.clear()
    for queue in get_backend("sqs")[ACCOUNT][REGION].queues.values():
        queue.lambda_event_source_mappings.clear()


@pytest.mark.parametrize("name", NAMES)
def test_every_command_names_a_handler_that_is_there(name: str) -> None:
    functions = [r for r in template(name)["Resources"].values() if r["Type"] == "AWS::Lambda::Function"]
    assert functions
    for function in functions:
        module, _, handler = function["Properties"]["ImageConfig"]["Command"][0].rpartition(".")
        assert callable(getattr(import_module(module), handler))


def _put(stack: Stack, rows: list[tuple[str, bytes]]) -> list[RawRecord]:
    """Rows through the stack's stream; what the stream made of them."""
    parts = stack.function("DetectorFunction").parts()
    stream = parts.stream(stack.output("StreamName"))
    for begin in range(0, len(rows), 500):
        assert stream.put(rows[begin : begin + 500]) == []
    records: list[RawRecord] = []
    for shard in stream.shards():
        page = stream.read(stream.iterator(shard.id, start="TRIM_HORIZON"), 10_000)
        records += page.records if page else []
    return sorted(records, key=lambda record: record.seq)


def _deliver(stack: Stack, records: list[RawRecord], logical: str, handler: Any) -> None:
    """As the deployed mapping says, the function's role being asked at every call."""
    function = stack.function(logical)
    arn = function.parts().stream(stack.output("StreamName")).arn
    deployed = stack.mappings[f"{logical}Records"]
    assert deployed["EventSourceArn"] == arn
    # Batches that are given up are sent there by Lambda, in the function's name.
    destination = deployed["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == f"arn:aws:sqs:{REGION}:{ACCOUNT}:{stack.output('LettersUrl').rpartition('/')[2]}"
    assert function.role.allows("sqs:SendMessage", destination)
    options = MappingOptions.of(deployed)
    assert options.report_failures
    assert options.batch_size == 500
    errors: list[BaseException] = []

    def invoke(event: Any) -> Any:
        try:
            return handler(event, Context())
        except BaseException as error:
            errors.append(error)
            raise

    with as_role(function.role, region=REGION, stream=arn):
        at_once = replace(options, retries=0, bisect=False)  # a call that is not allowed is not tried again
        delivery = Delivery(at_once, Place(arn, "shardId-000000000000"), invoke)
        for batch in batches(records, options.batch_size):
            delivery.deliver(batch)
    if errors:
        raise errors[0]
    assert delivery.counts.delivered == len(records)
    _uses_all(function.role)


def _uses_all(role: Role) -> None:
    unused = role.actions() - role.used - LAMBDA_ITSELF
    assert not unused, f"{role.name} is allowed what it never does: {unused}"


def _outbox_row(stack: Stack, device: str, size: int) -> None:
    """An event that waits; SNS refuses messages above 256 KB."""
    row = {"device": device, "item": "0", "id": f"{device}:0", "kind": "change", "body": json.dumps("x" * size)}
    item = {name: {"S": value} for name, value in row.items()}
    stack.cloud.client("dynamodb").put_item(TableName=stack.physical("OutboxTable"), Item=item)


@pytest.fixture
def analytics(account: Cloud) -> Stack:
    return _deploy(account, "analytics")


def _rows() -> list[tuple[str, bytes]]:
    """Long enough for chunks that are read, and dropped after the change."""
    rows = [("d", json.dumps({"value": value}).encode()) for value in shifted(2, (1_100, 60))]
    rows[5] = ("d", b"?")
    return rows


def test_the_detector_finds_and_tells_changes_with_its_own_permissions_and_needs_all_of_them(analytics: Stack) -> None:
    cloud = analytics.cloud
    told = cloud.client("sqs").create_queue(QueueName="told")["QueueUrl"]
    cloud.client("sns").subscribe(
        TopicArn=analytics.output("TopicArn"), Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:told"
    )
    records = _put(analytics, _rows())
    _outbox_row(analytics, "d", 300_000)
    parts = analytics.function("DetectorFunction").parts()

    def cold(event: Any, context: Any) -> Any:
        return DetectorHandler(parts.service(), parts.poison(), parts.outbox())(event, context)

    _deliver(analytics, records, "DetectorFunction", cold)
    changes = cloud.items(analytics.output("ChangesTableName"))
    assert changes
    assert sorted(body["id"] for body in cloud.told(told)) == sorted(item["id"]["S"] for item in changes)
    left = cloud.items(analytics.physical("OutboxTable"))
    assert [(item["id"]["S"], "reason" in item) for item in left] == [("d:0", True)], "put aside, with its reason"


@pytest.mark.parametrize("kind", ["dynamodb", "s3"])
def test_the_recorder_keeps_records_with_its_own_permissions_and_needs_all_of_them(account: Cloud, kind: str) -> None:
    stack = _deploy(account, "analytics", Recorder=kind)
    records = _put(stack, _rows()[:600])
    _deliver(stack, records, "RecorderFunction", RecorderHandler(stack.function("RecorderFunction").parts().raw()))
    if kind == "dynamodb":
        assert len(account.items(stack.physical("EventsTable"))) == 600
        return
    keys = account.client("s3").list_objects_v2(Bucket=stack.physical("RawBucket"))["Contents"]
    assert all(entry["Key"].startswith("events/") for entry in keys)


def test_the_recorder_keeps_records_by_firehose_with_its_own_permissions_and_needs_all_of_them(account: Cloud) -> None:
    """The emulated CloudFormation has no delivery streams: their own API makes this one from what the template says."""
    name = "raw-records"
    arn = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/{name}"
    body = json.dumps(template("analytics"))
    body = body.replace('{"Ref": "Firehose"}', f'"{name}"').replace('{"Fn::GetAtt": ["Firehose", "Arn"]}', f'"{arn}"')
    made = json.loads(body)
    wanted = made["Resources"].pop("Firehose")["Properties"]
    stack = _deploy(account, "analytics", made, Recorder="firehose")
    bucket, role = stack.physical("RawBucket"), stack.physical("FirehoseRole")
    destination = wanted["ExtendedS3DestinationConfiguration"]
    assert destination["BucketARN"] == {"Fn::GetAtt": ["RawBucket", "Arn"]}
    assert destination["RoleARN"] == {"Fn::GetAtt": ["FirehoseRole", "Arn"]}
    arns = {"BucketARN": f"arn:aws:s3:::{bucket}", "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/{role}"}
    account.client("firehose").create_delivery_stream(
        DeliveryStreamName=name,
        DeliveryStreamType=wanted["DeliveryStreamType"],
        ExtendedS3DestinationConfiguration={**destination, **arns},
    )
    records = _put(stack, _rows()[:600])
    _deliver(stack, records, "RecorderFunction", RecorderHandler(stack.function("RecorderFunction").parts().raw()))
    keys = [entry["Key"] for entry in account.client("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys
    carrier = role_of(account.client("iam"), arns["RoleARN"])
    for key in keys:
        assert key.startswith(destination["Prefix"])
        assert carrier.allows("s3:PutObject", f"arn:aws:s3:::{bucket}/{key}")
    assert carrier.allows("s3:PutObject", f"arn:aws:s3:::{bucket}/{destination['ErrorOutputPrefix']}x")
    assert not carrier.allows("s3:PutObject", f"arn:aws:s3:::{bucket}/other")


def test_the_outbox_sends_what_waits_with_its_own_permissions_and_needs_all_of_them(analytics: Stack) -> None:
    _outbox_row(analytics, "large", 300_000)
    _outbox_row(analytics, "small", 10)
    function = analytics.function("OutboxFunction")
    with as_role(function.role, region=REGION):
        assert OutboxHandler(function.parts().outbox())(None, None) == {"sent": 1}
    _uses_all(function.role)


def test_the_replay_repairs_and_passes_on_with_its_own_permissions_and_needs_all_of_them(analytics: Stack) -> None:
    records = _put(analytics, _rows()[:30])
    function = analytics.function("ReplayFunction")
    parts = function.parts()
    arn = parts.stream(analytics.output("StreamName")).arn
    info = {
        "shardId": "shardId-000000000000",
        "startSequenceNumber": str(records[0].seq),
        "endSequenceNumber": str(records[-1].seq),
        "batchSize": 30,
        "streamArn": arn,
    }
    lost, nonsense = json.dumps({"KinesisBatchInfo": info}), "{}"
    with as_role(function.role, region=REGION, stream=arn):
        handler = ReplayHandler(parts.raw(), parts.read_range(), parts.poison(), parts.people())
        event = {"Records": [{"messageId": str(i), "body": body} for i, body in enumerate((lost, nonsense))]}
        assert handler(event, None) == {"batchItemFailures": []}
        _fails_once(handler, lost)
    assert len(analytics.cloud.items(analytics.physical("EventsTable"))) == 30
    waiting = analytics.cloud.messages(analytics.output("PeopleUrl"))
    assert sorted(message["Body"] for message in waiting) == sorted([lost, nonsense])
    _uses_all(function.role)


def _fails_once(handler: ReplayHandler, body: str) -> None:
    """So that the letter goes back to the queue that it came from."""

    class Busy:
        def keep(self, _records: object) -> None:
            raise OverloadedError("throttled")

    replace(handler, raw=Busy())({"Records": [{"messageId": "m", "body": body}]}, None)


def _picture() -> bytes:
    out = BytesIO()
    Image.new("RGB", (64, 48), (200, 30, 30)).save(out, "PNG")
    return out.getvalue()


def _get(path: str, query: str = "") -> dict[str, Any]:
    http = {"method": "GET", "path": path}
    context = {"http": http, "domainName": "x.lambda-url.us-east-1.on.aws", "stage": "$default"}
    return {"version": "2.0", "rawPath": path, "rawQueryString": query, "headers": {}, "requestContext": context}


def _deploy_image(account: Cloud) -> tuple[Stack, str]:
    """The image stack with signatures, a fallback and redirects; what it names is there. Also the signature's key."""
    for bucket in ("originals", "others", "fallbacks", "large"):
        account.client("s3").create_bucket(Bucket=bucket)
    for bucket in ("originals", "others"):
        account.client("s3").put_object(Bucket=bucket, Key="a.png", Body=_picture())
    account.client("s3").put_object(Bucket="fallbacks", Key="f.png", Body=_picture())
    account.client("s3").put_object(Bucket="originals", Key="large.png", Body=large_picture())
    account.client("secretsmanager").create_secret(Name="signing", SecretString=json.dumps({"key": "abc"}))
    parameters = {
        "SourceBucketsParameter": "originals,others",
        "EnableSignatureParameter": "Yes",
        "SecretsManagerSecretParameter": "signing",
        "SecretsManagerKeyParameter": "key",
        "EnableDefaultFallbackImageParameter": "Yes",
        "FallbackImageS3BucketParameter": "fallbacks",
        "FallbackImageS3KeyParameter": "f.png",
        "FaceDetection": "saliency",
        "OversizeBucket": "large",
    }
    return _deploy(account, "image", **parameters), "abc"


def _as_the_role(account: Cloud, stack: Stack) -> dict[str, str]:
    """Credentials of the function's role; from here on the emulator asks for permissions."""
    deployed = account.client("lambda").get_function_configuration(FunctionName=stack.physical("ImageFunction"))
    answer = account.client("sts").assume_role(RoleArn=deployed["Role"], RoleSessionName="function")["Credentials"]
    _calls_without_permission(account, "0")
    return {
        "AWS_ACCESS_KEY_ID": answer["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": answer["SecretAccessKey"],
        "AWS_SESSION_TOKEN": answer["SessionToken"],
    }


def _any_secret(account: Cloud, stack: Stack) -> None:
    """The emulator knows resources of S3 alone; which secret the role may read is what the next test looks at."""
    statement = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = stack.physical("ImageRole")
    account.client("iam").put_role_policy(RoleName=role, PolicyName="signing-key", PolicyDocument=document)


def _calls_without_permission(account: Cloud, count: str) -> None:
    """After so many calls the emulator asks for permissions."""
    order = urllib.request.Request(
        f"{account.urls['']}/moto-api/reset-auth", count.encode(), {"Content-Type": "text/plain"}, method="POST"
    )
    with urllib.request.urlopen(order, timeout=10):
        pass


def _url(bucket: str, key: str, secret: str, *, width: int = 16) -> tuple[str, str]:
    edits = {"bucket": bucket, "key": key, "edits": {"resize": {"width": width}}}
    path = "/" + base64.b64encode(json.dumps(edits).encode()).decode()
    return path, f"signature={sign(path, [], secret.encode())}"


def test_the_image_function_serves_a_signed_picture_with_the_permissions_that_it_has(account: Cloud) -> None:
    stack, secret = _deploy_image(account)
    environment = stack.function("ImageFunction").environment
    _any_secret(account, stack)
    environment |= _as_the_role(account, stack)
    try:
        handler = Handler(image_function(environment))
        for bucket in ("originals", "others"):
            answer = handler(_get(*_url(bucket, "a.png", secret)), RequestContext())
            assert answer["statusCode"] == 200, answer
            assert Image.open(BytesIO(base64.b64decode(answer["body"]))).width == 16
        missing = handler(_get(*_url("originals", "no.png", secret)), RequestContext())
        assert missing["statusCode"] == 404
        assert missing["headers"]["Content-Type"] == "image/png", "the fallback picture"
        assert handler(_get("/a.png", "signature=00"), RequestContext())["statusCode"] == 403
        redirect = handler(_get(*_url("originals", "large.png", secret, width=1500)), RequestContext())
    finally:
        _calls_without_permission(account, "inf")
    # The emulator checks headers only, so a link that is signed in its query is followed without permissions.
    status, media_type, body = followed(redirect)
    assert (status, media_type, Image.open(BytesIO(body)).width) == (200, "image/png", 1500)


def test_the_image_function_cannot_read_what_its_role_does_not_name(account: Cloud) -> None:
    stack, _ = _deploy_image(account)
    role = stack.function("ImageFunction").role
    assert role.allows("s3:GetObject", "arn:aws:s3:::originals/a/b.png")
    assert role.allows("s3:GetObject", "arn:aws:s3:::others/a.png")
    assert role.allows("s3:GetObject", "arn:aws:s3:::fallbacks/f.png")
    assert role.allows("s3:ListBucket", "arn:aws:s3:::others")
    for action in ("s3:PutObject", "s3:GetObject"):
        assert role.allows(action, "arn:aws:s3:::large/oversize/a")
    assert role.allows(
        "secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:signing-AbCdEf"
    )
    for action, resource in [
        ("s3:GetObject", "arn:aws:s3:::fallbacks/other.png"),
        ("s3:GetObject", "arn:aws:s3:::private/a.png"),
        ("s3:PutObject", "arn:aws:s3:::originals/a.png"),
        ("s3:PutObject", "arn:aws:s3:::large/a.png"),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:other-AbCdEf"),
        ("rekognition:DetectFaces", "*"),
    ]:
        assert not role.allows(action, resource), (action, resource)
