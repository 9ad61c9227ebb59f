"""A backup of the table is put in its place, as docs/OPERATIONS.md says."""

from deployment import Deployment
from loop import Loop

RESTORED = "restored-table"


def restore(deployment: Deployment, loop: Loop) -> None:
    table = deployment.resources["MailTable"]
    questions = loop.questions("before the backup")
    dynamodb = deployment.client("dynamodb")
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=table, TargetTableName=RESTORED, UseLatestRestorableTime=True
    )
    dynamodb.get_waiter("table_exists").wait(TableName=RESTORED)
    dynamodb.update_table(
        TableName=RESTORED,
        DeletionProtectionEnabled=True,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    expiry = {"Enabled": True, "AttributeName": "ttl"}
    dynamodb.update_time_to_live(TableName=RESTORED, TimeToLiveSpecification=expiry)
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName=RESTORED, PointInTimeRecoverySpecification=recovery)
    stream = dynamodb.describe_table(TableName=RESTORED)["Table"]["LatestStreamArn"]
    deployment.deploy_again(RestoredTable=RESTORED, RestoredTableStream=stream)
    assert deployment.outputs["TableName"] == RESTORED

    before = deployment.items(table)
    # The links, the apps' secrets and that of the webhook still open: they are sealed for the deployment, not for its table.
    loop.answer(questions)
    loop.answer(loop.questions("after the restore"))
    loop.search()
    assert deployment.items(table) == before, "the table that was replaced is written to"
    print(f"restored: {deployment.items(RESTORED)} items, {before} in the table before", flush=True)
