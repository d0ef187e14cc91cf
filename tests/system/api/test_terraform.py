"""Terraform's AWS provider, unmodified: what it applies it finds again without a difference, changes and destroys.

Debian has no Terraform: without it, or without PENSTOCK_TERRAFORM_PLUGINS (a folder for `terraform init -plugin-dir`
that holds hashicorp/aws), these tests are skipped.
"""

import os
import shutil
import subprocess

import pytest
from stack.sandbox import ACCOUNT, REGION

PLUGINS = os.environ.get("PENSTOCK_TERRAFORM_PLUGINS")
pytestmark = pytest.mark.skipif(not shutil.which("terraform") or not PLUGINS, reason="no terraform, or PENSTOCK_TERRAFORM_PLUGINS is not set")

PROVIDER = """
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}
provider "aws" {
  region                  = "%(region)s"
  access_key              = "%(access_key)s"
  secret_key              = "%(secret_key)s"
  skip_metadata_api_check = true
  max_retries             = 1
  endpoints {
    codepipeline = "%(url)s"
    codebuild    = "%(url)s"
    codecommit   = "%(url)s"
    sts          = "%(url)s"
  }
}
data "aws_caller_identity" "me" {}
output "account" {
  value = data.aws_caller_identity.me.account_id
}
"""

RESOURCES = """
resource "aws_codecommit_repository" "app" {
  repository_name = "%(name)s"
  description     = "%(description)s"
  %(tags)s
}
resource "aws_codebuild_project" "app" {
  name          = "%(name)s"
  description   = "%(description)s"
  build_timeout = %(minutes)s
  service_role  = "arn:aws:iam::123456789012:role/build"
  artifacts {
    type = "CODEPIPELINE"
  }
  environment {
    compute_type    = "BUILD_GENERAL1_SMALL"
    image           = "debian:12"
    type            = "LINUX_CONTAINER"
    privileged_mode = true
    environment_variable {
      name  = "STAGE"
      value = "prod"
    }
    environment_variable {
      name  = "TOKEN"
      value = "/app/token"
      type  = "PARAMETER_STORE"
    }
  }
  source {
    type = "CODEPIPELINE"
  }
  %(tags)s
}
resource "aws_codebuild_project" "nightly" {
  name           = "%(name)s-nightly"
  service_role   = "arn:aws:iam::123456789012:role/build"
  source_version = "%(branch)s"
  artifacts {
    type = "NO_ARTIFACTS"
  }
  environment {
    compute_type = "BUILD_GENERAL1_MEDIUM"
    image        = "debian:12"
    type         = "LINUX_CONTAINER"
  }
  source {
    type            = "CODECOMMIT"
    location        = aws_codecommit_repository.app.clone_url_http
    buildspec       = "ci/nightly.yml"
    git_clone_depth = 1
  }
  cache {
    type  = "LOCAL"
    modes = ["LOCAL_SOURCE_CACHE"]
  }
  logs_config {
    cloudwatch_logs {
      group_name = "builds"
    }
  }
}
resource "aws_codebuild_report_group" "units" {
  name           = "%(name)s-units"
  type           = "TEST"
  delete_reports = true
  export_config {
    type = "NO_EXPORT"
  }
  %(tags)s
}
resource "aws_codebuild_report_group" "coverage" {
  name = "%(name)s-coverage"
  type = "CODE_COVERAGE"
  export_config {
    type = "S3"
    s3_destination {
      bucket              = "results-%(branch)s"
      path                = "/"
      packaging           = "NONE"
      encryption_disabled = true
      encryption_key      = "arn:aws:kms:eu-west-1:123456789012:key/1234"
    }
  }
}
resource "aws_codepipeline" "app" {
  name           = "%(name)s"
  role_arn       = "arn:aws:iam::123456789012:role/pipeline"
  pipeline_type  = "%(type)s"
  execution_mode = "%(mode)s"
  artifact_store {
    location = "artifacts"
    type     = "S3"
  }
  stage {
    name = "Source"
    action {
      name             = "App"
      category         = "Source"
      owner            = "AWS"
      provider         = "CodeCommit"
      version          = "1"
      namespace        = "Source"
      output_artifacts = ["app"]
      configuration    = { RepositoryName = aws_codecommit_repository.app.repository_name, BranchName = "%(branch)s", PollForSourceChanges = "false" }
    }
    action {
      name             = "Lib"
      category         = "Source"
      owner            = "ThirdParty"
      provider         = "GitHub"
      version          = "1"
      output_artifacts = ["lib"]
      configuration    = { Owner = "acme", Repo = "lib", Branch = "main", OAuthToken = "s3cret" }
    }
  }
  stage {
    name = "Build"
    action {
      name             = "Build"
      category         = "Build"
      owner            = "AWS"
      provider         = "CodeBuild"
      version          = "1"
      region           = "eu-west-1"
      input_artifacts  = ["app", "lib"]
      output_artifacts = ["image"]
      configuration    = { ProjectName = aws_codebuild_project.app.name, PrimarySource = "app" }
    }
  }
  stage {
    name = "Release"
    action {
      name               = "Ok"
      category           = "Approval"
      owner              = "AWS"
      provider           = "Manual"
      version            = "1"
      timeout_in_minutes = 60
      configuration      = { CustomData = "commit #{Source.CommitId}" }
    }
    action {
      name            = "Deploy"
      category        = "Deploy"
      owner           = "AWS"
      provider        = "ECS"
      version         = "1"
      run_order       = 2
      input_artifacts = ["image"]
      configuration   = { ClusterName = "prod", ServiceName = "app" }
    }
  }
  %(variables)s
  %(tags)s
}
"""


class Terraform:
    def __init__(self, folder, server):
        self._folder = folder
        access_key, secret_key = server.keys
        self._provider = PROVIDER % {"region": REGION, "access_key": access_key, "secret_key": secret_key, "url": server.url}
        self.write("")
        self.run("init", f"-plugin-dir={PLUGINS}")

    def write(self, resources):
        (self._folder / "main.tf").write_text(self._provider + resources)

    def run(self, *arguments, codes=(0,)):
        environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
        done = subprocess.run(["terraform", *arguments, "-no-color"], cwd=self._folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode in codes, done.stdout + done.stderr
        return done

    def apply(self, resources):
        """Apply, and look again: there must be nothing left to change."""
        self.write(resources)
        self.run("apply", "-auto-approve")
        plan = self.run("plan", "-detailed-exitcode", codes=(0, 2))
        assert plan.returncode == 0, plan.stdout


@pytest.fixture
def terraform(tmp_path, api):
    return Terraform(tmp_path, api)


def resources(name, **changes):
    values = {"name": name, "description": "the app", "minutes": 20, "branch": "main", "type": "V1", "mode": "SUPERSEDED", "variables": "", "tags": 'tags = { team = "web" }'}
    return RESOURCES % {**values, **changes}


def test_apply_change_destroy(terraform, codepipeline, codebuild, codecommit, name):
    terraform.apply(resources(name))
    assert ACCOUNT in terraform.run("output", "account").stdout
    changes = {"description": "the other app", "minutes": 30, "branch": "release", "type": "V2", "mode": "QUEUED"}
    variables = 'variable {\n  name = "stage"\n  default_value = "prod"\n  description = "where to"\n}'
    terraform.apply(resources(name, tags='tags = { team = "ops", level = "2" }', variables=variables, **changes))
    assert codepipeline.get_pipeline(name=name)["pipeline"]["version"] == 2
    assert codebuild.batch_get_projects(names=[name])["projects"][0]["timeoutInMinutes"] == 30
    groups = [f"arn:aws:codebuild:{REGION}:{ACCOUNT}:report-group/{name}-{kind}" for kind in ("units", "coverage")]
    units, coverage = codebuild.batch_get_report_groups(reportGroupArns=groups)["reportGroups"]
    assert coverage["exportConfig"]["s3Destination"]["bucket"] == "results-release" and len(units["tags"]) == 2
    terraform.apply(resources(name, tags=""))
    assert codebuild.batch_get_projects(names=[name])["projects"][0]["tags"] == []
    assert codebuild.batch_get_report_groups(reportGroupArns=groups)["reportGroups"][0]["tags"] == []
    terraform.run("destroy", "-auto-approve")
    assert codebuild.batch_get_report_groups(reportGroupArns=groups)["reportGroups"] == []
    for call in (lambda: codepipeline.get_pipeline(name=name), lambda: codecommit.get_repository(repositoryName=name)):
        with pytest.raises(codepipeline.exceptions.ClientError, match="PipelineNotFoundException|RepositoryDoesNotExistException"):
            call()
    assert codebuild.batch_get_projects(names=[name])["projects"] == []


def test_what_is_gone_is_made_again(terraform, codepipeline, codebuild, name):
    terraform.apply(resources(name))
    codepipeline.delete_pipeline(name=name)
    codebuild.delete_project(name=name)
    terraform.apply(resources(name))
    assert codepipeline.get_pipeline(name=name)["pipeline"]["version"] == 1
    terraform.run("destroy", "-auto-approve")


def test_import(terraform, codecommit, codebuild, codepipeline, name):
    terraform.apply(resources(name))
    for address in ("aws_codecommit_repository.app", "aws_codebuild_project.app", "aws_codepipeline.app"):
        terraform.run("state", "rm", address)
        terraform.run("import", address, name)
    plan = terraform.run("plan", "-detailed-exitcode", codes=(0, 2))
    # The token of a GitHub source cannot be read back; everything else can.
    assert plan.returncode == 0 or "OAuthToken" in plan.stdout and "0 to add" in plan.stdout and "0 to destroy" in plan.stdout, plan.stdout
    terraform.run("destroy", "-auto-approve")


def test_a_broken_pipeline_says_why(terraform, name):
    terraform.write(resources(name).replace('["app", "lib"]', '["app", "nix"]'))
    failed = terraform.run("apply", "-auto-approve", codes=(1,))
    assert "Input Artifact Bundle nix in action Build is not declared as Output Artifact Bundle" in " ".join(failed.stderr.replace("│", " ").split())
    terraform.run("destroy", "-auto-approve")
