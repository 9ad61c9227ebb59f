"""Every alarm of the template, raised once: what it watches is made to be so, and whoever follows the topic is told.

The emulator publishes no metrics of queues and streams. What CloudWatch would see is published here as it is read from the
queue. It also looks past the dimensions of alarms, so that one queue raises the alarms of all; what each alarm watches is
compared by name instead.
"""

import json

from deployment import Deployment
from waiting import wait_for


def raise_all(deployment: Deployment) -> None:
    cloudwatch, sqs, sns = (deployment.client(name) for name in ("cloudwatch", "sqs", "sns"))
    told_url = sqs.create_queue(QueueName="told")["QueueUrl"]
    told_arn = sqs.get_queue_attributes(QueueUrl=told_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = deployment.resources["AlarmTopic"]
    may_send = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
                "Resource": told_arn, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may_send]})
    sqs.set_queue_attributes(QueueUrl=told_url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=told_arn)
    named = {physical: logical for logical, physical in deployment.resources.items() if logical.endswith("Alarm")}
    alarms = [alarm for alarm in cloudwatch.describe_alarms()["MetricAlarms"] if alarm["AlarmName"] in named]
    assert len(alarms) == len(named) > 0, (len(alarms), len(named))
    for alarm in alarms:
        raise_one(deployment, cloudwatch, sqs, alarm)
    raised = set()

    def all_told() -> bool:
        for message in sqs.receive_message(QueueUrl=told_url, MaxNumberOfMessages=10).get("Messages", []):
            said = json.loads(json.loads(message["Body"])["Message"])
            assert said["NewStateValue"] == "ALARM" and said["AlarmDescription"], said
            raised.add(said["AlarmName"])
        return raised == set(named)

    wait_for(f"all of {sorted(named.values())} to be told", all_told)
    print(f"{len(raised)} alarms raised, and told on the topic", flush=True)


def raise_one(deployment: Deployment, cloudwatch, sqs, alarm: dict) -> None:
    [dimension] = alarm["Dimensions"]
    if dimension["Name"] == "QueueName":
        url = sqs.get_queue_url(QueueName=dimension["Value"])["QueueUrl"]
        assert dimension["Value"] in {physical.rsplit("/", 1)[-1] for physical in deployment.resources.values()}, dimension
        sqs.send_message(QueueUrl=url, MessageBody="{}")
        kind = "ApproximateNumberOfMessages"
        value = float(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[kind])["Attributes"][kind])
    else:
        assert dimension["Value"] in deployment.functions().values(), dimension
        if alarm["MetricName"] == "Errors":
            # The emulator counts those of what is invoked by its API.
            answer = deployment.client("lambda").invoke(FunctionName=dimension["Value"], Payload=b'"no event"')
            assert "FunctionError" in answer, answer
            return
        value = alarm["Threshold"] + 1
    point = {"MetricName": alarm["MetricName"], "Dimensions": [dimension], "Value": value}
    cloudwatch.put_metric_data(Namespace=alarm["Namespace"], MetricData=[point])
