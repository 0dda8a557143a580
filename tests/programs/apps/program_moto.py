"""moto's server: the services of a cloud, mocked by one Flask app each behind a dispatcher."""

import json

import boto3
from observation import masked, seen
from werkzeug.test import Client, EnvironBuilder

KEYS = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
RANDOM = (
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", r"(?<=[iI]d: )\w{52}", r"(?<=RequestId>)\w+",
    r"(?<=<HostId>)[^<]+", r"\d{4}-\d\d-\d\dT[\d:.]+Z?", r"\d{10}\.\d+", r"(?<=ast-[Mm]odified: ).*",
    r"(?<=Content-Length: )\d{5}", r"(?<=amzn-requestid: )\w+", r"(?<=x-amz-request-id: )\w+",
    r"(?<=\()\w{52}(?=\))",
)  # fmt: skip


def observe():
    """Talk to it over HTTP, with requests that the client library signed and ones of our own."""
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        used = use(f"http://{host}:{port}")
    finally:
        server.stop()
    dispatcher = Client(DomainDispatcherApplication(create_backend_app))
    asked = [
        dispatcher.open(EnvironBuilder(**request))
        for request in (
            {"path": "/moto-api/data.json"},
            {"path": "/moto-api/"},
            {"path": "/moto-api/reset", "method": "POST"},
            {"path": "/", "method": "POST", "data": {"Action": "GetCallerIdentity", "Version": "2011-06-15"}},
            {"path": "/", "method": "POST", "data": {"Action": "Nonsense", "Version": "2011-06-15"}},
            {"path": "/bucket", "method": "PUT", "base_url": "http://s3.amazonaws.com"},
            {
                "path": "/bucket/a%2Fb%20c?x=1",
                "method": "PUT",
                "base_url": "http://s3.amazonaws.com",
                "data": "body",
            },
            {
                "path": "/bucket/a%2Fb%20c",
                "base_url": "http://s3.amazonaws.com",
                "headers": {"Range": "bytes=1-2"},
            },
            {"path": "/bucket/missing", "base_url": "http://s3.amazonaws.com"},
        )
    ]
    facts = [seen(answer, *RANDOM, body=answer is not asked[0]) for answer in asked]
    kept = json.loads(asked[0].text)
    assert {"s3", "sqs", "dynamodb"} <= set(kept)
    return used, {name: sorted(service) for name, service in kept.items()}, facts


def use(endpoint):
    """Use four services and return what the client library made of their answers."""
    s3, sqs, dynamodb, sts = (
        boto3.client(name, endpoint_url=endpoint, **KEYS) for name in ("s3", "sqs", "dynamodb", "sts")
    )
    s3.create_bucket(Bucket="shop")
    s3.put_object(
        Bucket="shop", Key="a/b c.txt", Body=b"hello", Metadata={"who": "ann"}, ContentType="text/x"
    )
    s3.put_object(Bucket="shop", Key="z", Body=b"")
    read = s3.get_object(Bucket="shop", Key="a/b c.txt", Range="bytes=1-3")
    assert read["Body"].read() == b"ell"
    assert [item["Key"] for item in s3.list_objects_v2(Bucket="shop")["Contents"]] == ["a/b c.txt", "z"]
    queue = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="work")
    [message] = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert message["Body"] == "work"
    dynamodb.create_table(
        TableName="t", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    )  # fmt: skip
    dynamodb.put_item(TableName="t", Item={"k": {"S": "one"}, "n": {"N": "1"}})
    item = dynamodb.get_item(TableName="t", Key={"k": {"S": "one"}})["Item"]
    assert item["n"] == {"N": "1"}
    failures = [
        failure(s3.get_object, Bucket="shop", Key="none"),
        failure(sqs.get_queue_url, QueueName="none"),
    ]
    identity = sts.get_caller_identity()
    told = [headers(answer) for answer in (read, identity)]
    return told, failures, read["Metadata"], item, identity["Arn"]


def headers(answer):
    """Return the headers of an answer, masked."""
    told = answer["ResponseMetadata"]["HTTPHeaders"].items()
    return sorted(
        masked(f"{k}: {v}", *RANDOM) for k, v in told if k not in ("date", "server", "last-modified")
    )


def failure(call, **arguments):
    """Return how a call fails."""
    try:
        call(**arguments)
    except Exception as error:
        return str(error)
    return "it did not fail"
