"""Report groups and reports as Debian's aws command line and boto3 see them; a runner played by hand sends them."""

import json
import re

import pytest
from stack.sandbox import ACCOUNT, REGION

INLINE = "version: 0.2\nphases: {build: {commands: [echo hello]}}\n"
PREFIX = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:"
NO_EXPORT = {"exportConfigType": "NO_EXPORT"}
STATUSES = ["SUCCEEDED", "FAILED", "ERROR", "SKIPPED", "UNKNOWN"]


@pytest.fixture
def project(codebuild, name):
    codebuild.create_project(
        name=name,
        source={"type": "NO_SOURCE", "buildspec": INLINE},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "debian:12", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole=f"arn:aws:iam::{ACCOUNT}:role/builds",
    )
    return name


def begin(codebuild, hand, project):
    """A build, and the job that the hand holds for it."""
    build = codebuild.start_build(projectName=project)["build"]
    return build, hand.lease("CodeBuild", lambda job: job["build"]["id"] == build["id"])


def case(name, status="SUCCEEDED", **members):
    return {"name": name, "prefix": "shop.CartTest", "testSuiteName": "cart", "status": status, "durationInNanoSeconds": 1000000, "testRawDataPath": "out/junit.xml", **members}


def units_message(name, cases, entry=0, **members):
    counts = {status: sum(one["status"] == status for one in cases) for status in STATUSES}
    failed = counts["FAILED"] + counts["ERROR"]
    summary = {"total": len(cases), "statusCounts": counts, "durationInNanoSeconds": sum(one["durationInNanoSeconds"] for one in cases)}
    return {"name": name, "entry": entry, "type": "TEST", "format": "JUNITXML", "status": "FAILED" if failed else "SUCCEEDED", "truncated": False, "testSummary": summary, "testCases": cases, **members}


def coverage_message(name, sources, entry=0):
    """sources: path: (lines covered, missed, branches covered, missed)"""
    names = ["linesCovered", "linesMissed", "branchesCovered", "branchesMissed"]
    coverages = [{"filePath": path, **dict(zip(names, counts))} for path, counts in sources.items()]
    summary = {one: sum(coverage[one] for coverage in coverages) for one in names}
    return {"name": name, "entry": entry, "type": "CODE_COVERAGE", "format": "LCOV", "status": "SUCCEEDED", "truncated": False, "codeCoverageSummary": summary, "codeCoverages": coverages}


class TestGroups:
    def test_life(self, codebuild, cli, name):
        group = PREFIX + "report-group/" + name
        made = cli("codebuild", "create-report-group", "--name", name, "--type", "TEST", "--export-config", "exportConfigType=NO_EXPORT", "--tags", "key=team,value=web")["reportGroup"]
        assert (made["arn"], made["type"], made["exportConfig"], made["status"], made["tags"]) == (group, "TEST", NO_EXPORT, "ACTIVE", [{"key": "team", "value": "web"}])
        with pytest.raises(codebuild.exceptions.ResourceAlreadyExistsException, match=f"Report group already exists: {group}"):
            codebuild.create_report_group(name=name, type="TEST", exportConfig=NO_EXPORT)
        changed = codebuild.update_report_group(arn=group, exportConfig={"exportConfigType": "S3", "s3Destination": {"bucket": "results", "path": "/", "encryptionKey": "alias/aws/s3"}})["reportGroup"]
        assert changed["exportConfig"] == {"exportConfigType": "S3", "s3Destination": {"bucket": "results", "path": "/", "packaging": "NONE", "encryptionKey": "alias/aws/s3", "encryptionDisabled": False}}
        assert changed["tags"] == made["tags"]
        got = cli("codebuild", "batch-get-report-groups", "--report-group-arns", group, group + "x")
        assert [one["name"] for one in got["reportGroups"]] == [name] and got["reportGroupsNotFound"] == [group + "x"]
        assert group in codebuild.list_report_groups(sortBy="CREATED_TIME", sortOrder="DESCENDING")["reportGroups"]
        assert codebuild.list_shared_report_groups()["reportGroups"] == []
        codebuild.delete_report_group(arn=group)
        codebuild.delete_report_group(arn=group)
        assert codebuild.batch_get_report_groups(reportGroupArns=[group])["reportGroupsNotFound"] == [group]

    def test_refusals(self, codebuild, name):
        invalid = codebuild.exceptions.InvalidInputException
        with pytest.raises(invalid, match="Value 'a b' at 'name' failed to satisfy constraint"):
            codebuild.create_report_group(name="a b", type="TEST", exportConfig=NO_EXPORT)
        with pytest.raises(invalid, match="must have an s3Destination with a bucket"):
            codebuild.create_report_group(name=name, type="TEST", exportConfig={"exportConfigType": "S3"})
        with pytest.raises(invalid, match="exportConfig must have an exportConfigType"):
            codebuild.create_report_group(name=name, type="TEST", exportConfig={})
        with pytest.raises(codebuild.exceptions.ResourceNotFoundException, match="Report group does not exist: "):
            codebuild.update_report_group(arn=PREFIX + "report-group/none", exportConfig=NO_EXPORT)
        with pytest.raises(invalid, match="Invalid report group ARN: shop"):
            codebuild.delete_report_group(arn="shop")

    def test_pages(self, codebuild, name):
        arns = [codebuild.create_report_group(name=f"{name}-{i}", type="TEST", exportConfig=NO_EXPORT)["reportGroup"]["arn"] for i in range(3)]
        listed, token = [], {}
        while True:
            page = codebuild.list_report_groups(maxResults=2, sortBy="NAME", **token)
            listed += page["reportGroups"]
            if "nextToken" not in page:
                break
            token = {"nextToken": page["nextToken"]}
        assert [arn for arn in listed if arn in arns] == arns and len(set(listed)) == len(listed)

    def test_terraform_takes_the_last_tag_away_by_naming_none(self, codebuild, name):
        arn = codebuild.create_report_group(name=name, type="TEST", exportConfig=NO_EXPORT, tags=[{"key": "a", "value": "b"}])["reportGroup"]["arn"]
        assert codebuild.update_report_group(arn=arn)["reportGroup"]["tags"] == []


class TestReports:
    def test_a_test_report(self, codebuild, cli, hand, project):
        build, job = begin(codebuild, hand, project)
        cases = [case("adds"), case("total", "FAILED", message="3 is not 4"), case("later", "SKIPPED"), case("boom", "ERROR", prefix="shop.MoneyTest")]
        arn = hand.report(job, units_message("units", cases))["reportArn"]
        assert re.fullmatch(re.escape(f"{PREFIX}report/{project}-units:") + "[0-9a-f-]{36}", arn)
        assert hand.report(job, units_message("units", cases))["reportArn"] == arn, "the same again"
        hand.finish(job, externalId=build["id"])

        report = cli("codebuild", "batch-get-reports", "--report-arns", arn, arn[:-1] + "x")
        assert report["reportsNotFound"] == [arn[:-1] + "x"]
        (report,) = report["reports"]
        assert (report["name"], report["type"], report["status"], report["truncated"], report["exportConfig"]) == (f"{project}-units", "TEST", "FAILED", False, NO_EXPORT)
        assert report["executionId"] == build["arn"] and report["reportGroupArn"] == f"{PREFIX}report-group/{project}-units"
        assert report["testSummary"] == {"total": 4, "statusCounts": {"SUCCEEDED": 1, "FAILED": 1, "ERROR": 1, "SKIPPED": 1, "UNKNOWN": 0}, "durationInNanoSeconds": 4000000}
        assert codebuild.batch_get_builds(ids=[build["id"]])["builds"][0]["reportArns"] == [arn]

        shown = cli("codebuild", "describe-test-cases", "--report-arn", arn)["testCases"]
        assert [one["name"] for one in shown] == ["adds", "total", "later", "boom"]
        assert (shown[1]["message"], shown[1]["prefix"], shown[1]["testRawDataPath"], shown[1]["durationInNanoSeconds"], shown[1]["reportArn"]) == ("3 is not 4", "shop.CartTest", "out/junit.xml", 1000000, arn)
        failed = codebuild.describe_test_cases(reportArn=arn, filter={"status": "FAILED"})["testCases"]
        assert [one["name"] for one in failed] == ["total"]
        money = codebuild.describe_test_cases(reportArn=arn, filter={"keyword": "Money"})["testCases"]
        assert [one["name"] for one in money] == ["boom"]
        first = codebuild.describe_test_cases(reportArn=arn, maxResults=3)
        rest = codebuild.describe_test_cases(reportArn=arn, maxResults=3, nextToken=first["nextToken"])
        assert [one["name"] for one in first["testCases"] + rest["testCases"]] == ["adds", "total", "later", "boom"] and "nextToken" not in rest

        codebuild.delete_report(arn=arn)
        codebuild.delete_report(arn=arn)
        with pytest.raises(codebuild.exceptions.ResourceNotFoundException):
            codebuild.describe_test_cases(reportArn=arn)
        assert "reportArns" not in codebuild.batch_get_builds(ids=[build["id"]])["builds"][0]

    def test_a_coverage_report(self, codebuild, hand, project):
        _, job = begin(codebuild, hand, project)
        arn = hand.report(job, coverage_message("code", {"a.c": (9, 1, 1, 1), "b.c": (1, 3, 0, 0), "c.c": (0, 0, 0, 0)}))["reportArn"]
        hand.finish(job)
        summary = codebuild.batch_get_reports(reportArns=[arn])["reports"][0]["codeCoverageSummary"]
        assert (round(summary["lineCoveragePercentage"], 2), summary["linesCovered"], summary["linesMissed"], summary["branchCoveragePercentage"]) == (71.43, 10, 4, 50.0)
        shown = codebuild.describe_code_coverages(reportArn=arn, sortBy="LINE_COVERAGE_PERCENTAGE", sortOrder="ASCENDING")["codeCoverages"]
        assert [(one["filePath"], one.get("lineCoveragePercentage")) for one in shown] == [("b.c", 25.0), ("a.c", 90.0), ("c.c", None)]
        assert shown[0]["reportARN"] == arn and shown[0]["id"] and "branchCoveragePercentage" not in shown[0]
        poor = codebuild.describe_code_coverages(reportArn=arn, maxLineCoveragePercentage=50)["codeCoverages"]
        assert [one["filePath"] for one in poor] == ["b.c"]
        names, token = [], {}
        while True:
            page = codebuild.describe_code_coverages(reportArn=arn, maxResults=2, sortBy="FILE_PATH", sortOrder="DESCENDING", **token)
            names += [one["filePath"] for one in page["codeCoverages"]]
            if "nextToken" not in page:
                break
            token = {"nextToken": page["nextToken"]}
        assert names == ["c.c", "b.c", "a.c"]
        with pytest.raises(codebuild.exceptions.InvalidInputException, match="must be a number from 0 to 100"):
            codebuild.describe_code_coverages(reportArn=arn, minLineCoveragePercentage=101)

    def test_history_and_trend(self, codebuild, cli, hand, project):
        arns = []
        for failed in range(3):
            _, job = begin(codebuild, hand, project)
            arns.append(hand.report(job, units_message("units", [case(str(i), "FAILED" if i < failed else "SUCCEEDED") for i in range(4)]))["reportArn"])
            hand.finish(job)
        group = f"{PREFIX}report-group/{project}-units"
        newest = codebuild.list_reports_for_report_group(reportGroupArn=group, maxResults=2)
        rest = codebuild.list_reports_for_report_group(reportGroupArn=group, maxResults=2, nextToken=newest["nextToken"])
        assert newest["reports"] + rest["reports"] == arns[::-1]
        assert codebuild.list_reports_for_report_group(reportGroupArn=group, sortOrder="ASCENDING")["reports"] == arns
        assert codebuild.list_reports_for_report_group(reportGroupArn=group, filter={"status": "SUCCEEDED"})["reports"] == arns[:1]
        assert [arn for arn in codebuild.list_reports()["reports"] if arn in arns] == arns[::-1]
        trend = cli("codebuild", "get-report-group-trend", "--report-group-arn", group, "--trend-field", "PASS_RATE")
        assert trend == {"stats": {"average": "75", "max": "100", "min": "50"}, "rawData": [{"reportArn": arn, "data": data} for arn, data in zip(arns[::-1], ["50", "75", "100"])]}
        assert codebuild.get_report_group_trend(reportGroupArn=group, trendField="TOTAL", numOfReports=1)["rawData"] == [{"reportArn": arns[2], "data": "4"}]
        assert codebuild.get_report_group_trend(reportGroupArn=group, trendField="DURATION")["stats"]["max"] == "4000000"
        with pytest.raises(codebuild.exceptions.InvalidInputException, match="trendField LINE_COVERAGE is not for a report group of type TEST"):
            codebuild.get_report_group_trend(reportGroupArn=group, trendField="LINE_COVERAGE")
        with pytest.raises(codebuild.exceptions.InvalidInputException, match="has reports"):
            codebuild.delete_report_group(arn=group)
        codebuild.delete_report_group(arn=group, deleteReports=True)
        assert codebuild.batch_get_reports(reportArns=arns)["reportsNotFound"] == arns

    def test_a_group_by_its_arn(self, codebuild, hand, project, name):
        group = codebuild.create_report_group(name=f"{name}-all", type="CODE_COVERAGE", exportConfig={"exportConfigType": "S3", "s3Destination": {"bucket": "results", "packaging": "ZIP"}})["reportGroup"]["arn"]
        _, job = begin(codebuild, hand, project)
        answer = hand.report(job, coverage_message(group, {"a.c": (1, 0, 0, 0)}))
        assert answer["reportArn"].startswith(f"{PREFIX}report/{name}-all:")
        assert answer["s3Destination"] == {"bucket": "results", "packaging": "ZIP", "encryptionDisabled": False}
        for message, words in [
            (units_message(group, [case("a")]), f"report group '{name}-all' is of type CODE_COVERAGE, the report of type TEST"),
            (units_message(group + "x", [case("a")]), f"there is no report group '{group}x'"),
            (units_message("a b", [case("a")]), f"'{name}-a b' cannot be the name of a report group"),
            (units_message("x", [case("a")], entry=5), "entry"),
            (units_message("x", [case("a", "PERHAPS")]), "status"),
            (units_message("x", [case("a")] * 501), "testCases"),
            (units_message("x", [case("a" * 1001)]), "name"),
        ]:
            status, answer = hand.try_report(job, message)
            assert status == 400 and words in json.loads(answer)["message"], (status, answer)
        stale = {**job, "token": job["token"] + 1}
        assert hand.try_report(stale, units_message("x", [case("a")]))[0] == 409
        hand.finish(job)
        assert hand.try_report(job, units_message("x", [case("a")]))[0] == 409
