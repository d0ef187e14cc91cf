"""CodeCommit as Debian's aws command line and boto3 see it."""

import datetime

import pytest
from api_steps import Developer
from stack.sandbox import ACCOUNT, REGION


@pytest.fixture
def made(codecommit, name):
    codecommit.create_repository(repositoryName=name)
    return name


@pytest.fixture
def pushed(api, made, tmp_path):
    """The repository with a commit on two branches; its id."""
    clone = Developer(api, made, tmp_path)
    commit = clone.commit("First version")
    clone.push("main", "main:side")
    return commit


class TestRepositories:
    def test_create_and_get(self, cli, name):
        made = cli("codecommit", "create-repository", "--repository-name", name, "--repository-description", "the shop", "--tags", "team=web")["repositoryMetadata"]
        assert (made["repositoryName"], made["accountId"], made["repositoryDescription"]) == (name, ACCOUNT, "the shop")
        assert made["Arn"] == f"arn:aws:codecommit:{REGION}:{ACCOUNT}:{name}" and made["cloneUrlHttp"].endswith(f"/git/{name}")
        assert datetime.datetime.fromisoformat(made["creationDate"])
        assert cli("codecommit", "get-repository", "--repository-name", name)["repositoryMetadata"] == made
        assert cli("codecommit", "list-tags-for-resource", "--resource-arn", made["Arn"])["tags"] == {"team": "web"}
        assert {"repositoryName": name, "repositoryId": made["repositoryId"]} in cli("codecommit", "list-repositories")["repositories"]

    def test_refusals(self, cli, codecommit, made):
        assert cli.refused("codecommit", "create-repository", "--repository-name", made) == ("RepositoryNameExistsException", f"Repository named {made} already exists")
        assert cli.refused("codecommit", "get-repository", "--repository-name", "nix") == ("RepositoryDoesNotExistException", "nix does not exist")
        for bad in ("a b", "../up", "x" * 101, "shop.git"):
            with pytest.raises(codecommit.exceptions.InvalidRepositoryNameException):
                codecommit.create_repository(repositoryName=bad)
        with pytest.raises(codecommit.exceptions.RepositoryDoesNotExistException):
            codecommit.get_repository(repositoryName="nix")
        with pytest.raises(codecommit.exceptions.InvalidContinuationTokenException):
            codecommit.list_repositories(nextToken="x")

    def test_delete(self, cli, codecommit, made):
        identity = codecommit.get_repository(repositoryName=made)["repositoryMetadata"]["repositoryId"]
        assert cli("codecommit", "delete-repository", "--repository-name", made) == {"repositoryId": identity}
        assert cli("codecommit", "delete-repository", "--repository-name", made) is None
        assert cli.refused("codecommit", "get-repository", "--repository-name", made)[0] == "RepositoryDoesNotExistException"
        codecommit.create_repository(repositoryName=made)
        assert codecommit.list_branches(repositoryName=made)["branches"] == []

    def test_description_and_tags_change(self, cli, codecommit, made):
        arn = f"arn:aws:codecommit:{REGION}:{ACCOUNT}:{made}"
        assert cli("codecommit", "update-repository-description", "--repository-name", made, "--repository-description", "new") is None
        assert codecommit.get_repository(repositoryName=made)["repositoryMetadata"]["repositoryDescription"] == "new"
        assert cli("codecommit", "tag-resource", "--resource-arn", arn, "--tags", "a=1,b=2") is None
        assert cli("codecommit", "untag-resource", "--resource-arn", arn, "--tag-keys", "a") is None
        assert codecommit.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}


class TestBranches:
    def test_list_and_get(self, cli, codecommit, made, pushed):
        assert cli("codecommit", "list-branches", "--repository-name", made) == {"branches": ["main", "side"]}
        assert cli("codecommit", "get-branch", "--repository-name", made, "--branch-name", "side") == {"branch": {"branchName": "side", "commitId": pushed}}
        assert codecommit.get_repository(repositoryName=made)["repositoryMetadata"]["defaultBranch"] == "main"

    def test_refusals(self, cli, codecommit, made):
        assert codecommit.list_branches(repositoryName=made)["branches"] == []
        assert cli.refused("codecommit", "get-branch", "--repository-name", made, "--branch-name", "nix") == ("BranchDoesNotExistException", "nix does not exist")
        assert cli.refused("codecommit", "list-branches", "--repository-name", "nix")[0] == "RepositoryDoesNotExistException"
        with pytest.raises(codecommit.exceptions.BranchNameRequiredException):
            codecommit.get_branch(repositoryName=made)
