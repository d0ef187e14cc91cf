"""Three pipelines, one of each mode, as cheap as real ones can be: a commit, a build in a container, an approval, ECS."""

BUILD = """
  {project}:
    environment: {{image: penstock/busybox}}
    source:
      buildspec: |
        version: 0.2
        phases:
          build:
            commands:
              - echo "begun $EXECUTION"
              - sleep 0.3
              - printf '[{{"name":"app","imageUri":"example.com/{project}:%s"}}]' "$EXECUTION" > imagedefinitions.json
              - echo "built $EXECUTION"
        artifacts:
          files: imagedefinitions.json
"""

_VARIABLES = '[{"name":"EXECUTION","value":"#{codepipeline.PipelineExecutionId}"}]'

_PIPELINE = """
name: {name}
executionMode: {mode}
pipelineType: V2
stages:
  - name: Source
    actions:
      - {source}
  - name: Build
    actions:
      - name: Make
        provider: CodeBuild
        configuration: {{ProjectName: {name}, EnvironmentVariables: '{variables}'}}
        inputArtifacts: [App]
        outputArtifacts: [Made]
  - name: Release
    actions:
{release}
projects:
{project}"""

_APPROVE = "      - {name: Approve, provider: Manual}\n"
_DEPLOY = "      - {{name: Deploy, provider: ECS, runOrder: 2, configuration: {{ClusterName: {cluster}, ServiceName: {name}}}, inputArtifacts: [Made]}}\n"
_HOSTED = "{{name: App, provider: CodeCommit, configuration: {{RepositoryName: {name}, BranchName: main, PollForSourceChanges: {polls}}}, outputArtifacts: [App]}}"
_GITHUB = "{name: App, provider: GitHub, configuration: {Owner: acme, Repo: hooked, Branch: main, OAuthToken: none-is-needed}, outputArtifacts: [App]}"

PUSHED, HOOKED, STARTED = "pushed", "hooked", "started"
DEPLOYING = (PUSHED, HOOKED)  # whose last stage deploys to a service of their name


def text(name, cluster):
    """The file of that pipeline."""
    mode = {PUSHED: "SUPERSEDED", HOOKED: "QUEUED", STARTED: "PARALLEL"}[name]
    source = _GITHUB if name == HOOKED else _HOSTED.format(name=name, polls="false" if name == STARTED else "true")
    release = ("" if name == HOOKED else _APPROVE) + (_DEPLOY.format(cluster=cluster, name=name) if name in DEPLOYING else "")
    return _PIPELINE.format(name=name, mode=mode, source=source, variables=_VARIABLES, release=release, project=BUILD.format(project=name))
