"""The templates as texts: valid, least privileged, and complete beside Serverless Image Handler's."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.api import lint
from cfnlint.core import get_rules

from pixelshift.environment import variables
from pixelshift.request.query import read_query_edits
from tests.support.edge import CHROME
from tests.support.node import NODE
from tests.support.templates import DEPLOY, NAMES, source, template, transformed

MIGRATION = Path(__file__).parents[2] / "docs" / "how-to" / "coming-from-serverless-image-handler.md"

UPSTREAM = {
    "CorsEnabledParameter": "No",
    "CorsOriginParameter": "*",
    "SourceBucketsParameter": None,
    "DeployDemoUIParameter": "Yes",
    "LogRetentionPeriodParameter": "180",
    "AutoWebPParameter": "No",
    "EnableSignatureParameter": "No",
    "SecretsManagerSecretParameter": "",
    "SecretsManagerKeyParameter": "",
    "EnableDefaultFallbackImageParameter": "No",
    "FallbackImageS3BucketParameter": "",
    "FallbackImageS3KeyParameter": "",
    "CloudFrontPriceClassParameter": "PriceClass_All",
    "OriginShieldRegionParameter": "Disabled",
    "EnableS3ObjectLambdaParameter": "No",
    "UseExistingCloudFrontDistributionParameter": "No",
    "ExistingCloudFrontDistributionIdParameter": "",
    "EnableSignedUrlsParameter": "No",
    "TrustedKeyGroupIdsParameter": "",
}
"""Serverless Image Handler's parameters and their defaults, version 7 and the Lambda stack of version 8."""

WITHOUT_RESOURCES = {"rekognition:DetectFaces", "rekognition:DetectModerationLabels", "kinesis:ListStreams"}
"""Actions that AWS knows no resource for, so that `*` is all that can be said."""


@pytest.mark.parametrize("name", NAMES)
def test_a_template_passes_the_transform_and_the_linter_without_a_word(name: str) -> None:
    found = lint(transformed(name), get_rules([], [], []), regions=["us-east-1", "eu-central-1"])
    assert [str(match) for match in found] == []


def test_the_transform_refuses_a_misspelt_property() -> None:
    """The linter alone does not see these, which is why both are run."""
    wrong = source("analytics").replace("BatchSize: !Ref", "BatchSze: !Ref", 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.support.templates.source", lambda _: wrong)
        with pytest.raises(AssertionError, match="BatchSze"):
            transformed.__wrapped__("analytics")


@pytest.mark.parametrize("name", NAMES)
def test_a_template_uses_no_yaml_that_cloudformation_does_not_read(name: str) -> None:
    events = list(yaml.parse(source(name)))
    assert not [event for event in events if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None)]
    assert "<<:" not in source(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_that_a_template_sets_is_one_that_is_read(name: str) -> None:
    known = {variable.name for _, variable, _ in variables()}
    functions = [r for r in template(name)["Resources"].values() if r["Type"] == "AWS::Lambda::Function"]
    assert functions
    for function in functions:
        assert set(function["Properties"]["Environment"]["Variables"]) <= known


def _statements(name: str) -> list[tuple[str, dict[str, Any]]]:
    """Of every role, whatever conditions they hang on."""
    found = []

    def walk(role: str, value: Any) -> None:
        if isinstance(value, dict):
            if "Effect" in value:
                found.append((role, value))
            for inner in value.values():
                walk(role, inner)
        elif isinstance(value, list):
            for inner in value:
                walk(role, inner)

    for role, resource in template(name)["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role":
            assert "ManagedPolicyArns" not in resource["Properties"], "AWS's own policies allow more than is needed"
            walk(role, resource["Properties"]["Policies"])
        if resource["Type"] == "AWS::IAM::Policy":
            walk(role, resource["Properties"]["PolicyDocument"])
    return found


@pytest.mark.parametrize("name", NAMES)
def test_no_policy_allows_a_wildcard(name: str) -> None:
    statements = _statements(name)
    assert len(statements) > 4
    for role, statement in statements:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not [action for action in actions if "*" in action], role
        if statement["Resource"] == "*":
            assert set(actions) <= WITHOUT_RESOURCES, (role, actions)
        else:
            assert "*" not in (statement["Resource"] if isinstance(statement["Resource"], list) else ())


@pytest.mark.parametrize("name", NAMES)
def test_what_keeps_data_outlives_the_stack_and_can_be_restored(name: str) -> None:
    for logical, resource in template(name)["Resources"].items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain", logical
            assert resource["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        if resource["Type"] == "AWS::S3::Bucket":
            assert all(resource["Properties"]["PublicAccessBlockConfiguration"].values()), logical


def test_nobody_but_the_distribution_may_call_the_function() -> None:
    resources = template("image")["Resources"]
    assert resources["ImageUrl"]["Properties"]["AuthType"] == "AWS_IAM"
    permissions = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::Lambda::Permission"]
    assert {permission["Action"] for permission in permissions} == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}
    for permission in permissions:
        assert permission["Principal"] == "cloudfront.amazonaws.com"
        assert "distribution/" in json.dumps(permission["SourceArn"])
    assert resources["OriginAccess"]["Properties"]["OriginAccessControlConfig"]["SigningBehavior"] == "always"


def test_stream_mappings_bound_what_one_bad_batch_can_do() -> None:
    resources = template("analytics")["Resources"]
    mappings = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::Lambda::EventSourceMapping"]
    streams = [mapping for mapping in mappings if "StartingPosition" in mapping]
    assert len(streams) == 2
    for mapping in streams:
        assert mapping["BisectBatchOnFunctionError"] is True
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        for name in ("MaximumRetryAttempts", "MaximumRecordAgeInSeconds", "ParallelizationFactor", "DestinationConfig"):
            assert mapping[name], name


WATCHED = {
    "AWS/Lambda": ("FunctionName", "AWS::Lambda::Function", {"Errors", "Throttles", "Duration", "IteratorAge"}),
    "AWS/SQS": (
        "QueueName",
        "AWS::SQS::Queue",
        {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"},
    ),
    "AWS/Kinesis": ("StreamName", "AWS::Kinesis::Stream", {"WriteProvisionedThroughputExceeded"}),
    "AWS/CloudFront": ("DistributionId", "AWS::CloudFront::Distribution", {"5xxErrorRate"}),
}
"""Metrics of each namespace as AWS publishes them: their dimension, and the resource that it names."""


def _alarms(name: str) -> dict[str, tuple[str, str]]:
    """Alarms by name: the metric, and the resource that is watched."""
    resources = template(name)["Resources"]
    found = {}
    for logical, resource in resources.items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            alarm = resource["Properties"]
            dimension, kind, metrics = WATCHED[alarm["Namespace"]]
            assert alarm["MetricName"] in metrics, logical
            value = alarm["Dimensions"][0]
            assert value["Name"] == dimension, logical
            target = value["Value"].get("Ref") or value["Value"]["Fn::GetAtt"][0]
            assert resources[target]["Type"] == kind, logical
            assert alarm["AlarmDescription"], logical
            assert alarm["AlarmActions"]["Fn::If"][:2] == ["Alarms", [{"Ref": "AlarmTopicArn"}]], logical
            found[logical] = (alarm["MetricName"], target)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_function_has_an_alarm_for_its_errors_and_each_reader_of_a_stream_one_for_its_lag(name: str) -> None:
    resources, alarms = template(name)["Resources"], set(_alarms(name).values())
    functions = [logical for logical, resource in resources.items() if resource["Type"] == "AWS::Lambda::Function"]
    assert functions
    for function in functions:
        assert ("Errors", function) in alarms
    for resource in resources.values():
        if resource["Type"] == "AWS::Lambda::EventSourceMapping" and "StartingPosition" in resource["Properties"]:
            assert ("IteratorAge", resource["Properties"]["FunctionName"]["Ref"]) in alarms


def test_every_parameter_of_serverless_image_handler_is_there_with_its_default() -> None:
    ours = template("image")["Parameters"]
    assert {name: ours[name].get("Default") for name in UPSTREAM} == UPSTREAM


@pytest.mark.parametrize("switch", [name for name, default in UPSTREAM.items() if default == "No"])
def test_every_switch_of_serverless_image_handler_switches_something(switch: str) -> None:
    """By a condition that a resource hangs on, or as a setting of the function."""
    made = template("image")
    conditions = {name for name, text in made["Conditions"].items() if switch in json.dumps(text)}
    resources = json.dumps(made["Resources"])
    assert f'{{"Ref": "{switch}"}}' in resources or any(f'"{name}"' in resources for name in conditions)


def test_the_migration_page_names_every_parameter() -> None:
    text = MIGRATION.read_text()
    assert [name for name in UPSTREAM if f"`{name}`" not in text] == []


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("*.json")), ids=lambda path: path.name)
def test_a_parameter_file_fits_its_template(path: Path) -> None:
    known = template(path.name.split(".")[0])["Parameters"]
    given = {entry["ParameterKey"]: entry["ParameterValue"] for entry in json.loads(path.read_text())}
    assert set(given) <= set(known)
    assert {name for name, parameter in known.items() if "Default" not in parameter} <= set(given)
    for name, value in given.items():
        allowed = known[name].get("AllowedValues")
        assert not allowed or value in map(str, allowed), name


def test_each_template_has_a_file_for_trying_and_one_for_production() -> None:
    assert sorted(path.name for path in DEPLOY.glob("*.json")) == sorted(
        f"{name}.{environment}.json" for name in NAMES for environment in ("trial", "production")
    )


def _edge_function(request: dict[str, Any], **parameters: str) -> dict[str, Any]:
    """What the viewer-request function of the template makes of a request, run by Node."""
    code = template("image")["Resources"]["Normalise"]["Properties"]["FunctionCode"]["Fn::Sub"]
    code = re.sub(r"\$\{(\w+)\}", lambda found: parameters[found[1]], code)
    script = f"{code}; process.stdout.write(JSON.stringify(handler({json.dumps({'request': request})})))"
    done = subprocess.run([str(NODE), "-e", script], capture_output=True, text=True, check=True, timeout=30)
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def _ask(accept: str | None = None, query: dict[str, Any] | None = None) -> dict[str, Any]:
    headers = {} if accept is None else {"accept": {"value": accept}}
    return {"method": "GET", "uri": "/a", "headers": headers, "querystring": query or {}}


@pytest.mark.parametrize(
    ("accept", "webp", "avif", "expected"),
    [
        (CHROME, "Yes", "Yes", "image/avif,image/webp"),
        (CHROME, "Yes", "No", "image/webp"),
        (CHROME, "No", "Yes", "image/avif"),
        (CHROME, "No", "No", ""),
        ("image/WebP", "Yes", "Yes", "image/webp"),
        ("*/*", "Yes", "Yes", ""),
        (None, "Yes", "Yes", ""),
    ],
)
def test_the_edge_knows_four_kinds_of_clients(accept: str | None, webp: str, avif: str, expected: str) -> None:
    made = _edge_function(_ask(accept), AutoWebPParameter=webp, AutoAvif=avif)
    assert made["headers"]["accept"]["value"] == expected


def test_the_edge_lets_through_known_parameters_sorted_the_last_of_each() -> None:
    query = {
        "width": {"value": "1", "multiValue": [{"value": "1"}, {"value": "2"}]},
        "utm_source": {"value": "x"},
        "fit": {"value": "cover"},
        "signature": {"value": "s"},
        "expires": {"value": "20260101T000000Z"},
    }
    made = _edge_function(_ask(None, query), AutoWebPParameter="No", AutoAvif="No")
    assert list(made["querystring"].items()) == [
        ("expires", {"value": "20260101T000000Z"}),
        ("fit", {"value": "cover"}),
        ("signature", {"value": "s"}),
        ("width", {"value": "2"}),
    ]


def test_the_edge_lets_through_every_parameter_that_makes_an_edit() -> None:
    names = ["fit", "flip", "flop", "format", "grayscale", "greyscale", "height", "rotate", "width"]
    assert all(read_query_edits({name: "1"}) for name in names)
    made = _edge_function(_ask(None, {name: {"value": "1"} for name in names}), AutoWebPParameter="No", AutoAvif="No")
    assert list(made["querystring"]) == names


@pytest.mark.parametrize("function", ["Normalise", "Demo"])
def test_functions_at_the_edge_fit_cloudfronts_10_kb(function: str) -> None:
    code = template("image")["Resources"][function]["Properties"]["FunctionCode"]
    assert len((code if isinstance(code, str) else code["Fn::Sub"]).encode()) < 10_240
