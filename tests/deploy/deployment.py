"""The stack on an emulator of AWS, deployed by SAM, with stand-ins for what the emulator lacks."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import botocore.config
import botocore.session

import bootstraps
from waiting import wait_for

REGION = "us-east-1"
STACK = "actionlayer"
# The emulator's root. It is nobody's account: what is signed with it is allowed.
ROOT_KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def certificate(work: Path) -> tuple[str, str]:
    """A certificate for this machine, and its key."""
    certificate, key = str(work / "emulator.crt"), str(work / "emulator.key")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=an emulator of AWS"]
    command += ["-keyout", key, "-out", certificate, "-addext", "subjectAltName=IP:127.0.0.1"]
    # Whoever is trusted for itself must not be one who vouches for others.
    command += ["-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


class Deployment:
    """One emulator, one stack on it, its stand-ins. Each ends with it."""

    def __init__(self, work: Path, ministack: str, sam: str, stand_ins: str):
        self.work, self.sam, self.stand_ins = work, sam, stand_ins
        names = ("emulator", "dns", "ses", "sqs", "slack", "telegram", "smtp", "people")
        self.ports = {name: free_port() for name in names}
        self.emulator = f"https://127.0.0.1:{self.ports['emulator']}"
        self.certificate, key = certificate(work)
        self.trust = ssl.create_default_context(cafile=self.certificate)
        self.processes: list[subprocess.Popen] = []
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            **ROOT_KEYS,
            "TMPDIR": str(work),
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.emulator,
            "AWS_CA_BUNDLE": self.certificate,
            # Of everything that is written in Rust.
            "SSL_CERT_FILE": self.certificate,
            "SAM_CLI_TELEMETRY": "0",
        }
        # Functions inherit the emulator's environment: that is how they find what is not AWS's, and AWS itself. It checks
        # what a function may do against its role, and speaks TLS, without which the bucket's policy refuses everything.
        beside = {
            "AUTH": "true",
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": self.certificate,
            "MINISTACK_SSL_KEY": key,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.ports["emulator"]),
            "CLOUDTRAIL_RECORDING": "1",
            "AWS_ENDPOINT_URL_DYNAMODB": self.emulator,
            "AWS_ENDPOINT_URL_S3": self.emulator,
            "AWS_ENDPOINT_URL_SQS": self.emulator,
            "AWS_ENDPOINT_URL_KMS": self.emulator,
            "AWS_ENDPOINT_URL_SESV2": self.url("ses"),
            "SLACK_API_URL": self.url("slack"),
            "TELEGRAM_API_URL": self.url("telegram"),
            "DNS_SERVER": f"127.0.0.1:{self.ports['dns']}",
            "LOCAL_WEBHOOKS": "on",
        }
        self.start("emulator", [ministack], {**self.environment, **beside})
        wait_for("the emulator", self.is_up, seconds=60)
        self.resources: dict[str, str] = {}
        self.outputs: dict[str, str] = {}

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    def start(self, name: str, command: list, environment: dict | None = None) -> None:
        log = (self.work / f"{name}.log").open("ab")
        # A group of its own: what it started ends with it.
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
        self.processes.append(process)

    def is_up(self) -> bool:
        try:
            return urlopen(f"{self.emulator}/_ministack/health", context=self.trust).status == 200
        except OSError:
            return False

    def client(self, service: str, **more):
        session = botocore.session.Session()
        settings = botocore.config.Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, **more)
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return session.create_client(service, REGION, endpoint_url=self.emulator, config=settings,
                                     verify=self.certificate, **keys)

    def deploy_again(self, template: Path | None = None, **changed: str) -> None:
        """Over what is deployed: another template, if one is given, or other parameters."""
        deployed, parameters = self.deployed
        self.deploy(template or deployed, **{**parameters, **changed})
        self.grant_batches()
        self.grant_keys()

    def deploy(self, template: Path, **parameters: str) -> None:
        """`sam deploy`, as README has it but for what is asked there."""
        self.deployed = (template, parameters)
        command = [self.sam, "deploy", "--template-file", template, "--stack-name", STACK, "--region", REGION]
        command += ["--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar"]
        command += ["--no-fail-on-empty-changeset", "--parameter-overrides"]
        command += [f"{name}={value}" for name, value in parameters.items()]
        started = time.monotonic()
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, cwd=self.work)
        if done.returncode != 0:
            sys.exit(f"sam deploy failed:\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}")
        print(f"sam deploy took {time.monotonic() - started:.0f} s", flush=True)
        formation = self.client("cloudformation")
        pages = formation.get_paginator("list_stack_resources").paginate(StackName=STACK)
        summaries = [summary for page in pages for summary in page["StackResourceSummaries"]]
        self.resources = {summary["LogicalResourceId"]: summary["PhysicalResourceId"] for summary in summaries}
        stack = formation.describe_stacks(StackName=STACK)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def grant_batches(self) -> None:
        """What the emulator asks otherwise than AWS: for a batch of messages the action `sqs:SendMessageBatch`, where AWS's is
        `sqs:SendMessage`. Whoever may send, may send batches; where is for the roles to say."""
        iam = self.client("iam")
        for name in {self.resources[logical] for logical in self.resources if logical.endswith("Role")}:
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
                document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
                batches = []
                for statement in document["Statement"]:
                    if "sqs:SendMessage" in statement["Action"]:
                        batches.append({**statement, "Action": "sqs:SendMessageBatch"})
                if batches:
                    added = json.dumps({"Version": document["Version"], "Statement": batches})
                    iam.put_role_policy(RoleName=name, PolicyName="batches", PolicyDocument=added)

    def grant_keys(self) -> None:
        """The emulator does not know the condition key `kms:EncryptionContext:…`, and allows nothing by it. Who may use the key at
        all is for the roles to say."""
        iam = self.client("iam")
        for name in {self.resources[logical] for logical in self.resources if logical.endswith("Role")}:
            granted = []
            for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
                if not attached["PolicyArn"].startswith("arn:aws:iam::aws:"):
                    policy = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]
                    version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
                    for statement in version["PolicyVersion"]["Document"]["Statement"]:
                        if any(action.startswith("kms:") for action in statement["Action"]):
                            granted.append({key: value for key, value in statement.items() if key != "Condition"})
            if granted:
                document = json.dumps({"Version": "2012-10-17", "Statement": granted})
                iam.put_role_policy(RoleName=name, PolicyName="keys", PolicyDocument=document)

    def start_stand_ins(self) -> None:
        at = {name: f"127.0.0.1:{port}" for name, port in self.ports.items() if name != "emulator"}
        settings = {
            **at,
            "folder": str(self.work / "stand-ins"),
            "emulator": self.emulator,
            "region": REGION,
            "bucket": self.resources["MailBucket"],
            "ingest_function": self.resources["IngestFunction"],
            "event_topic": self.resources["SesEventTopic"],
            "configuration_set": self.resources["ConfigurationSet"],
        }
        path = self.work / "stand-ins.json"
        path.write_text(json.dumps(settings))
        self.start("stand-ins", [self.stand_ins, path], self.environment)
        wait_for("the stand-ins", lambda: "ready" in (self.work / "stand-ins.log").read_text(), seconds=30)

    def api(self, path: str) -> str:
        """Where a path of the deployment is on the emulator."""
        return f"{self.emulator}/_aws/execute-api/{self.resources['HttpApi']}/$default{path}"

    @property
    def host(self) -> str:
        """The host that callers in AWS name, and functions see."""
        return self.outputs["Url"].removeprefix("https://")

    def here(self, link: str) -> str:
        """A link of the deployment, which leads to AWS, as it leads to the emulator."""
        assert link.startswith(self.outputs["Url"] + "/"), link
        return self.api(link.removeprefix(self.outputs["Url"]))

    def logged(self) -> list[dict]:
        """What the functions logged."""
        pages = self.client("logs").get_paginator("filter_log_events").paginate(logGroupName=self.resources["FunctionLogs"])
        lines = [event["message"] for page in pages for event in page["events"]]
        return [json.loads(line) for line in lines if line.startswith("{")]

    def no_trouble(self) -> None:
        """Nothing was logged as a warning or an error."""
        trouble = [line for line in self.logged() if line.get("level") in ("WARN", "ERROR")]
        assert not trouble, trouble

    def items(self, table: str) -> int:
        """How many items a table has."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=table, Select="COUNT")
        return sum(page["Count"] for page in pages)

    def started(self) -> set[str]:
        """The functions that were started. The emulator says so in its log, and counts only what is invoked by its API."""
        log = (self.work / "emulator.log").read_text(errors="replace")
        return {name for name, function in self.functions().items() if f"environment spawned for {function} " in log}

    def functions(self) -> dict[str, str]:
        """The names of the functions, by their programs'."""
        ids = {name: f"{name.capitalize()}Function" for name in bootstraps.functions()}
        return {name: self.resources[logical] for name, logical in ids.items()}

    def left_in_queues(self) -> dict[str, int]:
        """How many messages each queue has, hidden ones among them."""
        kinds = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        queues = {name: url for name, url in self.resources.items() if url.startswith("http") and "/000000000000/" in url}
        sqs, left = self.client("sqs"), {}
        for name, url in queues.items():
            attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=kinds)["Attributes"]
            left[name] = sum(int(attributes[kind]) for kind in kinds)
        return left

    def tear_down(self) -> None:
        """Deletes the stack: table and bucket stay, and what is in them."""
        formation = self.client("cloudformation")
        formation.delete_stack(StackName=STACK)

        def gone() -> bool:
            try:
                status = formation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]
            except formation.exceptions.ClientError:
                return True
            assert status != "DELETE_FAILED", formation.describe_stack_events(StackName=STACK)["StackEvents"][:5]
            return status == "DELETE_COMPLETE"

        wait_for("the stack to be gone", gone)
        assert not self.client("lambda").list_functions()["Functions"]
        items = self.items(self.resources["MailTable"])
        mails = self.client("s3").list_objects_v2(Bucket=self.resources["MailBucket"], Prefix="inbound/")["KeyCount"]
        assert items > 100 and mails > 5, (items, mails)
        print(f"the stack is gone; its table has {items} items still, and its bucket {mails} mails that came", flush=True)

    def stop(self) -> None:
        for process in reversed(self.processes):
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
