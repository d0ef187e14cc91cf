"""A runner played by hand: it takes jobs and says how they ended, when and as a test wants (docs/doors.md, Runners)."""

import hashlib
import io
import json
import uuid
import zipfile

PROVIDERS = ["CodeCommit", "CodeStarSourceConnection", "GitHub", "CodeBuild", "ECS"]
COMMIT = "5f6bf7d1c2b3a4958677869504132231405f6e7d"


class HandRunner:
    def __init__(self, server):
        self._server = server
        token = server.call("CreateJoinToken")["token"]
        joined = self._post("/runner/join", {"joinToken": token, "name": "hand", "version": "0"}, authorised=False)
        self.runner_id = joined["runnerId"]
        self._token = joined["token"]
        self._held = {}  # id: token, of the jobs that it was given and has not ended
        self._post("/runner/hello", {"instanceId": str(uuid.uuid4()), "version": "0"})

    def _send(self, method, path, body, headers):
        status, _, data = self._server.send(method, path, body, headers)
        assert status < 300, (method, path, status, data)
        return json.loads(data) if data else None

    def _post(self, path, message, authorised=True):
        headers = {"Content-Type": "application/json"}
        if authorised:
            headers["Authorization"] = f"Bearer {self._token}"
        return self._send("POST", path, json.dumps(message).encode(), headers)

    def offered(self, providers, seconds=0):
        """The next job of one of the providers, not begun; None where none comes."""
        job = self._post("/runner/lease", {"claimId": str(uuid.uuid4()), "providers": providers, "waitSeconds": seconds})
        if job:
            self._held[job["id"]] = job["token"]
        return job

    def lease_any(self, providers):
        """The next job of one of the providers, begun; None where none comes."""
        job = self.offered(providers, 20)
        if job:
            self._post(f"/runner/jobs/{job['id']}/acknowledge", {"token": job["token"]})
        return job

    def let_go(self):
        """Ends what it still holds: a stopped build comes back to this runner alone until that says that it is dead."""
        for job, token in self._held.items():
            for path, message in (("acknowledge", {}), ("result", {"outcome": "stopped"})):
                self._server.send("POST", f"/runner/jobs/{job}/{path}", json.dumps({"token": token, **message}).encode(),
                                  {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"})
        self._held.clear()

    def lease(self, provider, wanted=lambda job: True):
        """The next job of that provider for which `wanted` is true. What earlier tests left in the queue fails."""
        while True:
            job = self.lease_any([provider])
            assert job, f"no job for {provider}"
            if wanted(job):
                return job
            self.fail(job, message="nobody waits for this")

    def put_artifact(self, job, name, files):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)
        bytes_ = data.getvalue()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/zip", "X-Penstock-Sha256": hashlib.sha256(bytes_).hexdigest()}
        return self._send("PUT", f"/runner/jobs/{job['id']}/artifacts/{name}?token={job['token']}", bytes_, headers)

    def log(self, job, text, offset=0):
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/octet-stream"}
        return self._send("POST", f"/runner/jobs/{job['id']}/log?token={job['token']}&offset={offset}", text.encode(), headers)

    def try_report(self, job, message):
        """(status, body) of the answer."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        status, _, data = self._server.send("POST", f"/runner/jobs/{job['id']}/report?token={job['token']}", json.dumps(message).encode(), headers)
        return status, data

    def report(self, job, message):
        return self._post(f"/runner/jobs/{job['id']}/report?token={job['token']}", message)

    def progress(self, job, **members):
        return self._post(f"/runner/jobs/{job['id']}/progress", {"token": job["token"], "percent": -1, **members})

    def heartbeat(self, job, seconds=0, **members):
        return self._post(f"/runner/jobs/{job['id']}/heartbeat", {"token": job["token"], "waitSeconds": seconds, **members})

    def checkpoint(self, job, **mark):
        return self._post(f"/runner/jobs/{job['id']}/checkpoint", {"token": job["token"], "checkpoint": mark})

    def restart(self):
        """A new process in its stead: what it held goes back to the queue."""
        self._held.clear()
        self._post("/runner/hello", {"instanceId": str(uuid.uuid4()), "version": "0"})

    def try_progress(self, job, **members):
        """(status, body) of the answer."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        message = json.dumps({"token": job["token"], **members}).encode()
        status, _, data = self._server.send("POST", f"/runner/jobs/{job['id']}/progress", message, headers)
        return status, json.loads(data)

    def finish(self, job, outcome="succeeded", **members):
        self._held.pop(job["id"], None)
        return self._post(f"/runner/jobs/{job['id']}/result", {"token": job["token"], "outcome": outcome, **members})

    def fail(self, job, code="JobFailed", message="it did not work"):
        return self.finish(job, "failed", errorCode=code, errorMessage=message)

    def fetch(self, pipeline, commit=COMMIT, summary="First version"):
        """Do the source action of a pipeline's execution."""
        job = self.lease("CodeCommit", lambda job: job["pipeline"] == pipeline)
        for artifact in job["outputs"]:
            self.put_artifact(job, artifact, {"README": "hello\n"})
        variables = {"CommitId": commit, "BranchName": job["configuration"]["BranchName"]}
        self.finish(job, revisionId=commit, revisionSummary=summary, revisionCreatedMs=1795404612077, variables=variables)
        return job
