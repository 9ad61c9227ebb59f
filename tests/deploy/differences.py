"""The same requests to the engine's SQS and SES and to the emulator's; answers compared.

Neither is AWS. Where they differ, one of them is wrong, or both are: differences.json says which, and how that is known. What
differs and is not there fails, and so does what is there and differs no more.
"""

import base64
import json
import re
import subprocess
from pathlib import Path

import botocore.config
import botocore.session
from botocore.exceptions import ClientError

from deployment import Deployment
from people import Outside

EXPLAINED = Path(__file__).with_name("differences.json")
REGION = "us-east-1"


def ours(service: str, url: str):
    settings = botocore.config.Config(retries={"total_max_attempts": 1}, parameter_validation=False)
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return botocore.session.Session().create_client(service, REGION, endpoint_url=url, config=settings, **keys)


class Side:
    """One of the two: answers as they are compared."""

    def __init__(self, client):
        self.client, self.kept = client, {}

    def ask(self, operation: str, parameters: dict, keep: dict) -> dict:
        """`keep` names parts of the answer for later requests: {"queue": "QueueUrl"}."""
        try:
            answer = getattr(self.client, operation)(**self.filled(parameters))
        except ClientError as refused:
            about = refused.response
            return {"status": about["ResponseMetadata"]["HTTPStatusCode"], "error": about["Error"]["Code"]}
        status = answer.pop("ResponseMetadata")["HTTPStatusCode"]
        for name, path in keep.items():
            value = answer
            for part in path.split("."):
                value = value[int(part)] if part.isdigit() else value[part]
            self.kept[name] = value
        return {"status": status, **self.plain(answer)}

    def filled(self, value):
        if isinstance(value, dict):
            return {key: self.filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner) for inner in value]
        return self.kept.get(value[1:], "none") if isinstance(value, str) and value.startswith("$") else value

    def plain(self, value):
        """Without what is different each time: ids, times, addresses."""
        if isinstance(value, dict):
            return {key: "…" if key in VARYING else self.plain(inner) for key, inner in sorted(value.items())}
        if isinstance(value, list):
            return [self.plain(inner) for inner in value]
        if isinstance(value, str):
            return re.sub(r"^https?://[^/]+/", "…/", value)
        return value


VARYING = {"MessageId", "ReceiptHandle", "SentTimestamp", "ApproximateFirstReceiveTimestamp", "SenderId",
           "CreatedTimestamp", "LastModifiedTimestamp", "LastUpdateTime", "SentLast24Hours", "FeedbackId", "Tokens"}

ATTRIBUTE = {"StringValue": "blue", "DataType": "String"}
SQS = [
    ("a queue is made", "create_queue", {"QueueName": "first", "Attributes": {"VisibilityTimeout": "0"}}, {"queue": "QueueUrl"}),
    ("and again, the same", "create_queue", {"QueueName": "first", "Attributes": {"VisibilityTimeout": "0"}}, {}),
    ("and again, otherwise", "create_queue", {"QueueName": "first", "Attributes": {"VisibilityTimeout": "9"}}, {}),
    ("a name that is none", "create_queue", {"QueueName": "no name!"}, {}),
    ("an attribute out of range", "create_queue", {"QueueName": "other", "Attributes": {"VisibilityTimeout": "43201"}}, {}),
    ("an attribute that is none", "create_queue", {"QueueName": "other", "Attributes": {"Colour": "blue"}}, {}),
    ("a queue's URL", "get_queue_url", {"QueueName": "first"}, {}),
    ("of a queue that is not there", "get_queue_url", {"QueueName": "absent"}, {}),
    ("a message", "send_message", {"QueueUrl": "$queue", "MessageBody": "hello"}, {}),
    ("a message with an attribute", "send_message",
     {"QueueUrl": "$queue", "MessageBody": "héllo", "MessageAttributes": {"colour": ATTRIBUTE}}, {}),
    ("a message without a body", "send_message", {"QueueUrl": "$queue", "MessageBody": ""}, {}),
    ("a message with what XML cannot have", "send_message", {"QueueUrl": "$queue", "MessageBody": "a\u0000b"}, {}),
    ("a message that is too long", "send_message", {"QueueUrl": "$queue", "MessageBody": "x" * (1024 * 1024 + 1)}, {}),
    ("a delay that is too long", "send_message", {"QueueUrl": "$queue", "MessageBody": "late", "DelaySeconds": 901}, {}),
    ("to a queue that is not there", "send_message", {"QueueUrl": "http://127.0.0.1/000000000000/absent", "MessageBody": "x"}, {}),
    ("a batch", "send_message_batch", {"QueueUrl": "$queue", "Entries": [
        {"Id": "a", "MessageBody": "one"}, {"Id": "b", "MessageBody": "two", "DelaySeconds": 900}]}, {}),
    ("a batch of none", "send_message_batch", {"QueueUrl": "$queue", "Entries": []}, {}),
    ("a batch with one id twice", "send_message_batch", {"QueueUrl": "$queue", "Entries": [
        {"Id": "a", "MessageBody": "one"}, {"Id": "a", "MessageBody": "two"}]}, {}),
    ("a batch of eleven", "send_message_batch", {"QueueUrl": "$queue", "Entries": [
        {"Id": str(i), "MessageBody": "x"} for i in range(11)]}, {}),
    ("a batch with an id that is none", "send_message_batch", {"QueueUrl": "$queue", "Entries": [
        {"Id": "a b", "MessageBody": "one"}]}, {}),
    ("a batch of which one is refused", "send_message_batch", {"QueueUrl": "$queue", "Entries": [
        {"Id": "good", "MessageBody": "one", "DelaySeconds": 900}, {"Id": "bad", "MessageBody": ""}]}, {}),
    ("how many there are", "get_queue_attributes", {"QueueUrl": "$queue", "AttributeNames": [
        "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible"]}, {}),
    ("all of a queue's attributes", "get_queue_attributes", {"QueueUrl": "$queue", "AttributeNames": ["All"]}, {}),
    ("an attribute that is none, asked for", "get_queue_attributes", {"QueueUrl": "$queue", "AttributeNames": ["Colour"]}, {}),
    ("received: none at most", "receive_message", {"QueueUrl": "$queue", "MaxNumberOfMessages": 0}, {}),
    ("received: eleven at most", "receive_message", {"QueueUrl": "$queue", "MaxNumberOfMessages": 11}, {}),
    ("a wait that is too long", "receive_message", {"QueueUrl": "$queue", "WaitTimeSeconds": 21}, {}),
    ("a queue for one", "create_queue", {"QueueName": "one", "Attributes": {"VisibilityTimeout": "600"}}, {"one": "QueueUrl"}),
    ("its message", "send_message", {"QueueUrl": "$one", "MessageBody": "hello", "MessageAttributes": {"colour": ATTRIBUTE}}, {}),
    ("received", "receive_message", {"QueueUrl": "$one", "MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"]},
     {"handle": "Messages.0.ReceiptHandle"}),
    ("received while it is hidden", "receive_message", {"QueueUrl": "$one"}, {}),
    ("shown again at once", "change_message_visibility", {"QueueUrl": "$one", "ReceiptHandle": "$handle", "VisibilityTimeout": 0}, {}),
    ("received again", "receive_message", {"QueueUrl": "$one", "MessageSystemAttributeNames": ["ApproximateReceiveCount"]},
     {"handle": "Messages.0.ReceiptHandle"}),
    ("hidden for too long", "change_message_visibility", {"QueueUrl": "$one", "ReceiptHandle": "$handle", "VisibilityTimeout": 43201}, {}),
    ("a handle that is none", "delete_message", {"QueueUrl": "$one", "ReceiptHandle": "none"}, {}),
    ("deleted", "delete_message", {"QueueUrl": "$one", "ReceiptHandle": "$handle"}, {}),
    ("deleted again", "delete_message", {"QueueUrl": "$one", "ReceiptHandle": "$handle"}, {}),
    ("hidden once it is deleted", "change_message_visibility", {"QueueUrl": "$one", "ReceiptHandle": "$handle", "VisibilityTimeout": 9}, {}),
    ("where it ends", "create_queue", {"QueueName": "end"}, {"end": "QueueUrl"}),
    ("its ARN", "get_queue_attributes", {"QueueUrl": "$end", "AttributeNames": ["QueueArn"]}, {}),
    ("a queue that leads there", "create_queue", {"QueueName": "leads", "Attributes": {"VisibilityTimeout": "0", "RedrivePolicy":
        '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:end","maxReceiveCount":2}'}}, {"leads": "QueueUrl"}),
    ("one that leads nowhere", "create_queue", {"QueueName": "astray", "Attributes": {"RedrivePolicy":
        '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:absent","maxReceiveCount":2}'}}, {}),
    ("one that never leads there", "create_queue", {"QueueName": "never", "Attributes": {"RedrivePolicy":
        '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:end","maxReceiveCount":0}'}}, {}),
    ("a message that nobody can work off", "send_message", {"QueueUrl": "$leads", "MessageBody": "hard"}, {}),
    ("its first receive", "receive_message", {"QueueUrl": "$leads", "MessageSystemAttributeNames": ["ApproximateReceiveCount"]}, {}),
    ("its second", "receive_message", {"QueueUrl": "$leads", "MessageSystemAttributeNames": ["ApproximateReceiveCount"]}, {}),
    ("there is no third", "receive_message", {"QueueUrl": "$leads"}, {}),
    ("it has come to its end", "receive_message", {"QueueUrl": "$end", "MessageSystemAttributeNames": [
        "ApproximateReceiveCount", "DeadLetterQueueSourceArn"]}, {}),
    ("an attribute set", "set_queue_attributes", {"QueueUrl": "$queue", "Attributes": {"DelaySeconds": "1"}}, {}),
    ("an attribute set out of range", "set_queue_attributes", {"QueueUrl": "$queue", "Attributes": {"DelaySeconds": "901"}}, {}),
    ("emptied", "purge_queue", {"QueueUrl": "$queue"}, {}),
    ("emptied again at once", "purge_queue", {"QueueUrl": "$queue"}, {}),
    ("listed", "list_queues", {"QueueNamePrefix": "en"}, {}),
    ("deleted as a whole", "delete_queue", {"QueueUrl": "$queue"}, {}),
    ("used after that", "send_message", {"QueueUrl": "$queue", "MessageBody": "x"}, {}),
]

KEY = {"DomainSigningSelector": "al1", "DomainSigningPrivateKey": "bm8ga2V5"}
RAW = {"Raw": {"Data": b"From: a@sends.test\r\nTo: b@gets.test\r\nSubject: s\r\n\r\nb\r\n"}}
TO_NOBODY = {"Raw": {"Data": b"From: a@sends.test\r\nSubject: s\r\n\r\nb\r\n"}}
TO = {"ToAddresses": ["b@gets.test"]}
TAGS = [{"Key": "actionlayer", "Value": "set"}]
SES = [
    ("a domain", "create_email_identity", {"EmailIdentity": "easy.test", "Tags": TAGS}, {}),
    ("the same again", "create_email_identity", {"EmailIdentity": "easy.test", "Tags": TAGS}, {}),
    ("the domain as it is then", "get_email_identity", {"EmailIdentity": "easy.test"}, {}),
    ("one that is not there", "get_email_identity", {"EmailIdentity": "absent.test"}, {}),
    ("a name that is none", "create_email_identity", {"EmailIdentity": "no domain"}, {}),
    ("a domain with a key that is none", "create_email_identity", {"EmailIdentity": "own.test", "DkimSigningAttributes": KEY}, {}),
    ("another key", "put_email_identity_dkim_signing_attributes",
     {"EmailIdentity": "easy.test", "SigningAttributesOrigin": "EXTERNAL", "SigningAttributes": KEY}, {}),
    ("the key of a domain that is not there", "put_email_identity_dkim_signing_attributes",
     {"EmailIdentity": "absent.test", "SigningAttributesOrigin": "EXTERNAL",
      "SigningAttributes": {"DomainSigningSelector": "al1", "DomainSigningPrivateKey": "$private"}}, {}),
    ("a mail of a domain that is not verified", "send_email", {"FromEmailAddress": "a@easy.test", "Destination": TO, "Content": RAW}, {}),
    ("a mail of a domain that is not there", "send_email", {"FromEmailAddress": "a@absent.test", "Destination": TO, "Content": RAW}, {}),
    ("a domain with a key of its own", "create_email_identity",
     {"EmailIdentity": "sends.test", "DkimSigningAttributes": {"DomainSigningSelector": "al1", "DomainSigningPrivateKey": "$private"}}, {}),
    ("as it is once its record is there", "get_email_identity", {"EmailIdentity": "sends.test"}, {}),
    ("its mail", "send_email", {"FromEmailAddress": "a@sends.test", "Destination": TO, "Content": RAW}, {}),
    ("a mail to whom its header names", "send_email", {"FromEmailAddress": "a@sends.test", "Destination": {}, "Content": RAW}, {}),
    ("a mail to nobody", "send_email", {"FromEmailAddress": "a@sends.test", "Destination": {}, "Content": TO_NOBODY}, {}),
    ("a mail to 51", "send_email", {"FromEmailAddress": "a@sends.test", "Content": RAW,
        "Destination": {"BccAddresses": [f"b{i}@gets.test" for i in range(51)]}}, {}),
    ("a mail with a configuration set that is not there", "send_email",
     {"FromEmailAddress": "a@sends.test", "Destination": TO, "Content": RAW, "ConfigurationSetName": "absent"}, {}),
    ("a mail with a tag that is none", "send_email", {"FromEmailAddress": "a@sends.test", "Destination": TO, "Content": RAW,
        "EmailTags": [{"Name": "no name", "Value": "x"}]}, {}),
    ("a mail without content", "send_email", {"FromEmailAddress": "a@sends.test", "Destination": TO, "Content": {}}, {}),
    ("a mail to an address that is none", "send_email", {"FromEmailAddress": "a@sends.test", "Content": RAW,
        "Destination": {"ToAddresses": ["nobody"]}}, {}),
    ("the account", "get_account", {}, {}),
    ("an address suppressed", "put_suppressed_destination", {"EmailAddress": "B@gets.test", "Reason": "BOUNCE"}, {}),
    ("for a reason that is none", "put_suppressed_destination", {"EmailAddress": "c@gets.test", "Reason": "DISLIKE"}, {}),
    ("the address as it is then", "get_suppressed_destination", {"EmailAddress": "b@gets.test"}, {}),
    ("one that is not", "get_suppressed_destination", {"EmailAddress": "d@gets.test"}, {}),
    ("all that are suppressed", "list_suppressed_destinations", {}, {}),
    ("suppressed no more", "delete_suppressed_destination", {"EmailAddress": "b@gets.test"}, {}),
    ("suppressed no more, again", "delete_suppressed_destination", {"EmailAddress": "b@gets.test"}, {}),
    ("the domain deleted", "delete_email_identity", {"EmailIdentity": "easy.test"}, {}),
    ("the domain deleted again", "delete_email_identity", {"EmailIdentity": "easy.test"}, {}),
    ("domains listed", "list_email_identities", {}, {}),
]


def key_pair() -> tuple[str, str]:
    """A private key as SES takes it, and the public half as DNS has it."""

    def openssl(*arguments: str, given: bytes = b"") -> bytes:
        return subprocess.run(["openssl", *arguments], input=given, check=True, capture_output=True).stdout

    private = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-outform", "DER")
    public = openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER", given=private)
    return base64.b64encode(private).decode(), base64.b64encode(public).decode()


def differ(service: str, cases: list, url: str, deployment: Deployment) -> dict[str, dict]:
    private, public = key_pair()
    Outside(deployment).enter_records({"domain": "sends.test", "records": [
        {"type": "TXT", "name": "al1._domainkey.sends.test", "value": f"v=DKIM1; k=rsa; p={public}"},
    ]})
    sides = {"ours": Side(ours(service, url)), "theirs": Side(deployment.client(service, parameter_validation=False))}
    for side in sides.values():
        side.kept["private"] = private
    found = {}
    for what, operation, parameters, keep in cases:
        answers = {name: side.ask(operation, parameters, keep) for name, side in sides.items()}
        if answers["ours"] != answers["theirs"]:
            found[f"{service}: {what}"] = answers
    return found


def compare(urls: dict[str, str], deployment: Deployment) -> None:
    """Fails for a difference that is not explained, and for an explanation of none."""
    found = {}
    for service, cases in (("sqs", SQS), ("sesv2", SES)):
        found |= differ(service, cases, urls[service], deployment)
    explained = json.loads(EXPLAINED.read_text())
    known = {name: why for why, names in explained.items() for name in names}
    new = {name: answers for name, answers in found.items() if name not in known}
    for name, answers in new.items():
        print(f"not explained: {name}\n  ours   {json.dumps(answers['ours'])}\n  theirs {json.dumps(answers['theirs'])}")
    gone = sorted(set(known) - set(found))
    for name in gone:
        print(f"explained, and no difference: {name}")
    print(f"{len(SQS) + len(SES)} requests to both, {len(found)} answered differently, {len(new)} of them not explained", flush=True)
    assert not new and not gone
    assert len({(service, case[0]) for service, cases in (("sqs", SQS), ("sesv2", SES)) for case in cases}) == len(SQS) + len(SES)
