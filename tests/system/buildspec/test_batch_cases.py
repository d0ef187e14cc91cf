"""Every kind and rule of a batch, in real containers: tests/data/buildspec/batch. One server and one runner for all, and
all batches at once, since a batch mostly waits."""

import uuid

from batch_case import BatchCase, all_batch_cases
from batches_under_test import wait_for_batch
from stack.cloud import Cloud
from stack.sandbox import REGION


def test_batch_cases(server, make_runner, aws):
    make_runner(server, PENSTOCK_JOBS="6")
    codebuild, s3 = server.client("codebuild"), Cloud(aws).client("s3")
    bucket = "b" + uuid.uuid4().hex[:12]
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    cases = [BatchCase(name) for name in all_batch_cases()]
    for case in cases:
        case.start(codebuild, s3, bucket)
    batches = [wait_for_batch(server, codebuild, case.identity) for case in cases]
    wrong = []
    for case, batch in zip(cases, batches):
        try:
            case.compare(server, codebuild, batch)
        except AssertionError as failure:
            wrong.append(f"{case.name}: {failure}")
    assert not wrong, "\n\n".join(wrong)
