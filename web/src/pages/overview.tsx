// The first page: what waits for a person, then every pipeline in one row.
import { useState } from "preact/hooks";
import { asSentence, codePipeline, penstock } from "../api/client.ts";
import { useLive } from "../api/live.ts";
import type { Approval, Overview, PipelineSummary } from "../api/types.ts";
import { useTab, tell } from "../parts/announce.tsx";
import { Age, Button, Loading, Notice, Paste, ReadTrouble, Status, Until, useBusy } from "../parts/basics.tsx";
import { StageChips } from "../parts/graph.tsx";
import { Glyph, StateIcon } from "../parts/icons.tsx";
import { RevisionLine, RollbackTag } from "../parts/revisions.tsx";
import { plural, triggerWords } from "../parts/words.ts";
import { go, paths } from "../router.ts";
import { executionState, stageState, type State } from "../status.ts";

export function OverviewPage() {
  const live = useLive<Overview>("overview", () => penstock("GetOverview"), (event) => event.type !== "repository");
  const data = live.data;
  const states = data?.pipelines.map((p) => (p.latestExecution ? executionState(p.latestExecution) : "idle")) ?? [];
  useTab("", (["waiting", "failed", "running"] as State[]).find((state) => states.includes(state)));
  const approvals = data?.pipelines.flatMap((p) => approvalsOf(p)) ?? [];
  return (
    <>
      <header class="page-head">
        <h1 tabIndex={-1}>Pipelines</h1>
        {data?.pipelines.length ? <Counts data={data} /> : null}
      </header>
      <ReadTrouble error={live.error} refresh={live.refresh} have={!!data} />
      {!data && !live.error ? <Loading what="the pipelines" /> : null}
      {approvals.length ? <Waiting approvals={approvals} /> : null}
      {data && data.pipelines.length > 0 && data.runnersOnline === 0 ? (
        <Notice kind="warn" action={<a class="button is-plain" href={paths.runners}>Add a runner</a>}>
          No runner is online, so builds and deploys wait.
        </Notice>
      ) : null}
      {data ? data.pipelines.length ? <List pipelines={data.pipelines} refresh={live.refresh} /> : <Empty runners={data.runnersOnline} /> : null}
    </>
  );
}

function approvalsOf(pipeline: PipelineSummary): { approval: Approval; number: number | undefined }[] {
  const approval = pipeline.approval ?? pipeline.latestExecution?.approval;
  if (!approval) return [];
  const latest = pipeline.latestExecution;
  return [{ approval, number: latest?.pipelineExecutionId === approval.pipelineExecutionId ? latest.number : undefined }];
}

function Counts({ data }: { data: Overview }) {
  return (
    <p class="counts">
      <span>{plural(data.pipelines.length, "pipeline")}</span>
      {data.jobsQueued ? <span>{plural(data.jobsQueued, "job")} queued</span> : null}
      <a href={paths.runners}>{data.runnersOnline ? `${plural(data.runnersOnline, "runner")} online` : "no runner online"}</a>
    </p>
  );
}

function Waiting(props: { approvals: { approval: Approval; number: number | undefined }[] }) {
  return (
    <section class="waiting-list" aria-labelledby="waiting-title">
      <h2 id="waiting-title">
        <StateIcon state="waiting" />
        {props.approvals.length === 1 ? "One approval waits for you" : `${props.approvals.length} approvals wait for you`}
      </h2>
      <ul>
        {props.approvals.map(({ approval, number }) => (
          <li key={approval.token}>
            <div class="waiting-what">
              <strong>
                {approval.pipelineName}
                {number ? ` #${number}` : ""}
              </strong>
              <span>
                {approval.stageName}/{approval.actionName}
              </span>
              <span class="muted">
                {approval.changes ? `${changeWords(approval)} · ` : ""}asked <Age at={approval.since} />
                {approval.expires !== undefined ? (
                  <>
                    {" "}
                    · expires <Until at={approval.expires} />
                  </>
                ) : null}
              </span>
            </div>
            <a class="button is-primary" data-row href={`${paths.execution(approval.pipelineName, approval.pipelineExecutionId)}#approve`}>
              Review and decide
              <Glyph name="right" />
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function changeWords(approval: Approval): string {
  const changes = approval.changes;
  if (!changes) return "";
  if (!changes.from) return "first release";
  return `${changes.truncated ? "more than " : ""}${plural(changes.commits.length, "commit")}`;
}

const filterFrom = 9;

function List(props: { pipelines: PipelineSummary[]; refresh: () => void }) {
  const [filter, setFilter] = useState("");
  const wanted = filter.trim().toLowerCase();
  const shown = props.pipelines.filter((pipeline) => pipeline.name.toLowerCase().includes(wanted));
  return (
    <>
      {props.pipelines.length >= filterFrom ? (
        <div class="field is-filter">
          <label class="off-screen" for="filter">
            Filter pipelines by name
          </label>
          <input id="filter" type="search" placeholder="Filter by name" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
        </div>
      ) : null}
      <ul class="pipelines">
        {shown.map((pipeline) => (
          <PipelineRow key={pipeline.name} pipeline={pipeline} refresh={props.refresh} />
        ))}
      </ul>
      {shown.length ? null : <p class="muted">No pipeline’s name contains “{filter}”.</p>}
    </>
  );
}

function PipelineRow({ pipeline, refresh }: { pipeline: PipelineSummary; refresh: () => void }) {
  const latest = pipeline.latestExecution;
  const state: State = latest ? executionState(latest) : "idle";
  const stages = (latest ? latest.stages : pipeline.stages).map((stage) => {
    const wait = pipeline.stages.find((s) => s.name === stage.name)?.wait;
    return { name: stage.name, wait, state: stageState({ ...stage, wait }, [], latest?.approval) };
  });
  return (
    <li class={`pipeline-row is-${state}`}>
      <div class="pipeline-main">
        <a class="pipeline-name" href={paths.pipeline(pipeline.name)} data-row>
          {pipeline.name}
        </a>
        <Status state={state} word={latest ? undefined : "Never run"} />
        {latest ? (
          <p class="pipeline-latest">
            <a href={paths.execution(pipeline.name, latest.pipelineExecutionId)}>#{latest.number}</a>
            <RollbackTag execution={latest} />
            <RevisionLine execution={latest} />
          </p>
        ) : (
          <p class="pipeline-latest muted">Press Run, or push to its repository.</p>
        )}
      </div>
      <StageChips stages={stages} />
      <div class="pipeline-side">
        {latest ? (
          <span class="muted when">
            <Age at={latest.started} />
            <span class="trigger">{triggerWords(latest)}</span>
          </span>
        ) : null}
        <RunButton name={pipeline.name} compact onFailed={refresh} />
      </div>
      {latest?.stuck ? (
        <Notice
          kind="warn"
          action={
            <a class="button is-plain" href={paths.action(pipeline.name, latest.pipelineExecutionId, latest.stuck.stageName, latest.stuck.actionName)}>
              <Glyph name="log" />
              See why
            </a>
          }
        >
          <strong>
            {latest.stuck.stageName}/{latest.stuck.actionName} does not get on:{" "}
          </strong>
          {asSentence(latest.stuck.cause.sentence)}
        </Notice>
      ) : null}
      {pipeline.fileError ? (
        <Notice kind="warn">
          {pipeline.file ?? "The pipeline’s file"} was not loaded; version {pipeline.version} stays in force. <code class="error-text">{pipeline.fileError}</code>
        </Notice>
      ) : null}
    </li>
  );
}

export function RunButton(props: { name: string; compact?: boolean; onFailed?: () => void }) {
  const work = useBusy();
  const run = () =>
    void work.run(async () => {
      try {
        const started = await codePipeline<{ pipelineExecutionId: string }>("StartPipelineExecution", { name: props.name });
        tell(`Started ${props.name}.`);
        go(paths.execution(props.name, started.pipelineExecutionId));
      } catch (error) {
        props.onFailed?.();
        throw error;
      }
    });
  return (
    <>
      <Button kind={props.compact ? "plain" : "primary"} busy={work.busy} onClick={run} label={`Run ${props.name}`} title="Start an execution with the newest revision">
        <Glyph name="play" />
        Run
      </Button>
      {work.error ? (
        <p class="field-error" role="alert">
          {work.error}
        </p>
      ) : null}
    </>
  );
}

const example = `name: hello
stages:
  - name: Source
    actions:
      - {name: App, provider: CodeCommit, outputArtifacts: [App],
         configuration: {RepositoryName: hello, BranchName: main}}
  - name: Build
    actions:
      - {name: Say, provider: CodeBuild, inputArtifacts: [App],
         configuration: {ProjectName: hello}}
projects:
  hello:
    environment: {image: "debian:12", computeType: BUILD_GENERAL1_SMALL}`;

function Empty(props: { runners: number }) {
  return (
    <section class="empty" aria-label="First steps">
      <p class="lead">No pipeline yet. Three steps to the first one:</p>
      <ol class="steps">
        <li>
          <h2>Write the pipeline</h2>
          <p>
            Put a file like this into the server’s <code>--pipelines</code> folder. What <code>aws codepipeline get-pipeline</code> prints works as it is.
          </p>
          <pre tabIndex={0} aria-label="An example pipeline file">
            <code>{example}</code>
          </pre>
        </li>
        <li>
          <h2>Push the source</h2>
          <p>
            The server hosts git itself: the pipeline’s page creates its repository with one button. Make a git token in the <a href={paths.settings}>settings</a>; it is the password for:
          </p>
          <Paste what="The git command" text={`git push ${location.origin}/git/hello main`} />
          <p>
            Sources at GitHub come in by a <a href={paths.settings}>source hook</a>.
          </p>
        </li>
        <li>
          <h2>Add a runner</h2>
          <p>
            Runners do the work, on this machine or on others.{" "}
            {props.runners ? `${plural(props.runners, "runner is", "runners are")} online already.` : "None is online yet."}
          </p>
          <a class={props.runners ? "button is-plain" : "button is-primary"} href={paths.runners}>
            {props.runners ? "See the runners" : "Add a runner"}
            <Glyph name="right" />
          </a>
        </li>
      </ol>
    </section>
  );
}
