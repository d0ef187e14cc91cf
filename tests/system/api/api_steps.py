"""What several tests of the API do: push from a clone, declare stages, wait for a status."""

import base64
import os

from stack import processes


class Developer:
    """Somebody with a clone of a hosted repository in an empty folder."""

    def __init__(self, server, repository, folder):
        basic = base64.b64encode(f"x:{server.call('CreateGitToken')['token']}".encode()).decode()
        self._folder = folder
        self._url = f"{server.url}/git/{repository}"
        self._options = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", f"http.extraHeader=Authorization: Basic {basic}"]
        self.git("init", "--quiet", "--initial-branch", "main")

    def git(self, *arguments):
        environment = {**os.environ, "HOME": str(self._folder), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
        return processes.run(["git", *self._options, *arguments], environment, str(self._folder)).strip()

    def commit(self, message):
        """The new commit's id."""
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def push(self, *refs):
        self.git("push", "--quiet", self._url, *(refs or ["main"]))


def source(repository="app", branch="main"):
    return {
        "name": "Source",
        "actions": [
            {
                "name": "App",
                "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "CodeCommit", "version": "1"},
                "configuration": {"RepositoryName": repository, "BranchName": branch},
                "outputArtifacts": [{"name": "App"}],
                "namespace": "Source",
            }
        ],
    }


def approval(name="Release", **configuration):
    type_id = {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"}
    return {"name": name, "actions": [{"name": "Approve", "actionTypeId": type_id, "configuration": configuration}]}


def wait_for_status(codepipeline, pipeline, execution, status):
    def look():
        found = codepipeline.get_pipeline_execution(pipelineName=pipeline, pipelineExecutionId=execution)["pipelineExecution"]
        return found if found["status"] == status else None

    return processes.wait_until(look, 20, f"execution {execution} to be {status}")


def events_of(api, pipeline, kind):
    """Those of a pipeline, oldest first, however many others there are."""
    found, after = [], 0
    while True:
        page = api.call("ListEvents", after=after, limit=1000)["events"]
        if not page:
            return found
        after = page[-1]["sequence"]
        found += [event for event in page if event["type"] == kind and event.get("pipelineName") == pipeline]
