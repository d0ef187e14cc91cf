// One pipeline: its stages as they stand now (each may hold another execution),
// and the history below.
import { useState } from "preact/hooks";
import { ApiError, codeCommit, codePipeline, penstock, messageOf } from "../api/client.ts";
import { useLive } from "../api/live.ts";
import type { ExecutionDetail, ExecutionSummary, PipelineDetail, PipelineState, StageSummary } from "../api/types.ts";
import { tell, useStateNews, useTab } from "../parts/announce.tsx";
import { Age, Button, Copy, Loading, Notice, Paste, ReadTrouble, Status, Took, useBusy } from "../parts/basics.tsx";
import { Conditions } from "../parts/conditions.tsx";
import { capital, Graph, type GraphStage } from "../parts/graph.tsx";
import { Glyph } from "../parts/icons.tsx";
import { Crumbs, Missing } from "../parts/page.tsx";
import { RevisionLine, RollbackTag } from "../parts/revisions.tsx";
import { RetryButtons, RollBackButton } from "../parts/stage_buttons.tsx";
import { DisabledNote, TransitionValve } from "../parts/transition.tsx";
import { personName, retryWords, triggerWords } from "../parts/words.ts";
import { go, paths } from "../router.ts";
import { executionState, isLive, stageState } from "../status.ts";
import { useKeys } from "../keys.ts";
import { graphAction } from "./execution.tsx";
import { RunButton } from "./overview.tsx";

interface Shown {
  detail: PipelineDetail;
  /** The hosted repository that the source names was never created. */
  withoutRepository: boolean;
  /** By stage: the execution that was in it last, in full. */
  inStages: Map<string, ExecutionDetail>;
}

async function repositoryExists(repositoryName: string): Promise<boolean> {
  try {
    await codeCommit("GetRepository", { repositoryName });
    return true;
  } catch (error) {
    return !(error instanceof ApiError && error.code === "RepositoryDoesNotExistException");
  }
}

async function readPipeline(name: string): Promise<Shown> {
  const [detail, state] = await Promise.all([
    penstock<PipelineDetail>("GetPipelineDetail", { name }),
    codePipeline<PipelineState>("GetPipelineState", { name }),
  ]);
  const ids = new Map<string, string>();
  for (const stage of state.stageStates) if (stage.latestExecution) ids.set(stage.stageName, stage.latestExecution.pipelineExecutionId);
  const wanted = [...new Set(ids.values())];
  const read = await Promise.all(wanted.map((id) => penstock<ExecutionDetail>("GetExecutionDetail", { pipelineName: name, pipelineExecutionId: id })));
  const inStages = new Map<string, ExecutionDetail>();
  for (const [stage, id] of ids) inStages.set(stage, read[wanted.indexOf(id)]!);
  // Where something ran the repository exists: it is asked for only before the first push.
  const repository = detail.executions.length ? undefined : detail.repository;
  return { detail, inStages, withoutRepository: !!repository && !(await repositoryExists(repository.name)) };
}

export function PipelinePage({ name }: { name: string }) {
  const live = useLive<Shown>(
    `pipeline ${name}`,
    () => readPipeline(name),
    (event) => event.pipelineName === undefined || event.pipelineName === name,
  );
  const latest = live.data?.detail.pipeline.latestExecution;
  const state = latest ? executionState(latest) : undefined;
  useTab(name, state);
  useStateNews(`${name} #${latest?.number}`, state);
  const approval = live.data?.detail.pipeline.approval;
  useKeys({
    a: () => approval && go(`${paths.execution(name, approval.pipelineExecutionId)}#approve`),
  });

  if (live.missing) return <Missing what={`the pipeline “${name}”`} />;
  return (
    <>
      <Crumbs trail={[["Pipelines", paths.overview]]} />
      <header class="page-head">
        <div class="page-title">
          <h1 tabIndex={-1}>{name}</h1>
          {live.data ? <Status state={state ?? "idle"} word={latest ? undefined : "Never run"} /> : null}
        </div>
        <div class="buttons">
          <RunButton name={name} onFailed={live.refresh} />
        </div>
      </header>
      <ReadTrouble error={live.error} refresh={live.refresh} have={!!live.data} />
      {live.data ? <Body shown={live.data} refresh={live.refresh} /> : live.error ? null : <Loading what="the pipeline" />}
    </>
  );
}

function Body({ shown, refresh }: { shown: Shown; refresh: () => void }) {
  const { detail } = shown;
  const { pipeline, executions, repository } = detail;
  return (
    <>
      {pipeline.approval ? (
        <div class="notice is-gate">
          <Status state="waiting" word={`${pipeline.approval.stageName}/${pipeline.approval.actionName} waits for a decision`} />
          <a class="button is-primary" href={`${paths.execution(pipeline.name, pipeline.approval.pipelineExecutionId)}#approve`}>
            Review and decide
            <Glyph name="right" />
          </a>
        </div>
      ) : null}
      {shown.withoutRepository && repository ? <CreateRepository name={repository.name} onCreated={refresh} /> : null}
      {pipeline.fileError ? (
        <Notice kind="warn">
          {pipeline.file ?? "The pipeline’s file"} was not loaded; version {pipeline.version} stays in force. <code class="error-text">{pipeline.fileError}</code>
        </Notice>
      ) : null}
      <Graph stages={graphOf(shown, refresh)} label={`Stages of ${pipeline.name}`} />
      <dl class="facts">
        {repository ? (
          <div class="is-wide">
            <dt>Clone and push</dt>
            <dd>
              <Paste text={repository.cloneUrl} what="The repository’s address" />
              <span class="muted">
                A push to <code>{repository.branch}</code> starts this pipeline. The password is a git token from the <a href={paths.settings}>settings</a>.
              </span>
            </dd>
          </div>
        ) : null}
        <div>
          <dt>Definition</dt>
          <dd>
            version {pipeline.version}, {pipeline.origin === "file" ? <code>{pipeline.file ?? "from a file"}</code> : "set over the API"}
          </dd>
        </div>
        <div>
          <dt>Changed</dt>
          <dd>
            <Age at={pipeline.updated} />
          </dd>
        </div>
        <div>
          <dt>Mode</dt>
          <dd>
            {pipeline.executionMode.toLowerCase()}, type {pipeline.pipelineType}
          </dd>
        </div>
      </dl>
      <History name={pipeline.name} newest={executions} />
      <Definition detail={detail} />
    </>
  );
}

function CreateRepository(props: { name: string; onCreated: () => void }) {
  const work = useBusy();
  const create = () =>
    void work.run(async () => {
      await codeCommit("CreateRepository", { repositoryName: props.name });
      tell(`Created the repository ${props.name}. Push to it to start the pipeline.`);
      props.onCreated();
    });
  return (
    <Notice
      kind="info"
      action={
        <Button kind="primary" busy={work.busy} onClick={create}>
          Create the repository
        </Button>
      }
    >
      The repository “{props.name}” does not exist on this server yet. {work.error}
    </Notice>
  );
}

/** Each stage with the newest execution that entered it, which need not be the newest of all. */
function graphOf({ detail, inStages }: Shown, refresh: () => void): GraphStage[] {
  return detail.declaration.stages.map((declared, i) => {
    const of = { pipelineName: detail.pipeline.name, stageName: declared.name };
    const summary = detail.pipeline.stages.find((stage) => stage.name === declared.name);
    const inStage = inStages.get(declared.name);
    const stage = inStage?.stages.find((s) => s.name === declared.name);
    const execution = inStage?.execution;
    return {
      name: declared.name,
      state: stageState({ name: declared.name, status: stage?.status ?? summary?.status, wait: summary?.wait }, stage?.actions),
      wait: summary?.wait || summary?.waiting?.length ? <InFront name={detail.pipeline.name} stage={summary} /> : undefined,
      note: execution ? (
        <>
          <a class="stage-execution" href={paths.execution(detail.pipeline.name, execution.pipelineExecutionId)}>
            #{execution.number}
          </a>
          <RollbackTag execution={execution} />
        </>
      ) : undefined,
      retried: retryWords(stage?.retries),
      valve: i > 0 && summary?.transition ? <TransitionValve stage={of} transition={summary.transition} onDone={refresh} /> : undefined,
      closed: summary?.transition && !summary.transition.enabled ? <DisabledNote stage={of} transition={summary.transition} onDone={refresh} /> : undefined,
      conditions: stage?.conditions && execution ? (
        <Conditions stage={of} pipelineExecutionId={execution.pipelineExecutionId} conditions={stage.conditions} onDone={refresh} />
      ) : undefined,
      buttons: summary?.execution && (summary.canRetry || summary.rollbackTarget) ? (
        <>
          {summary.canRetry ? <RetryButtons stage={of} execution={summary.execution} all={!!stage?.canRetryAll} onDone={refresh} /> : null}
          {summary.rollbackTarget ? <RollBackButton stage={of} target={summary.rollbackTarget} onDone={refresh} /> : null}
        </>
      ) : undefined,
      actions: declared.actions.map((action) => {
        const run = stage?.actions.find((a) => a.name === action.name);
        if (inStage && run) return graphAction(inStage, declared.name, run);
        return { name: action.name, provider: action.actionTypeId.provider, runOrder: action.runOrder ?? 1, state: "idle" as const };
      }),
    };
  });
}

/** Who waits in front of a stage, in the order in which they go in. */
function InFront({ name, stage }: { name: string; stage: StageSummary }) {
  if (!stage.waiting?.length) return stage.wait ? <>{capital(stage.wait)}</> : null;
  return (
    <ul>
      {stage.waiting.map((execution) => (
        <li key={execution.pipelineExecutionId}>
          <a href={paths.execution(name, execution.pipelineExecutionId)}>#{execution.number}</a> stands in front: {execution.wait ?? "it goes in next"}
        </li>
      ))}
    </ul>
  );
}

// AWS's own operation lists what is older than the newest 25.
interface OldExecution {
  pipelineExecutionId: string;
  status: string;
  startTime?: number;
  lastUpdateTime?: number;
  sourceRevisions?: { actionName: string; revisionId?: string; revisionSummary?: string; revisionUrl?: string }[];
  trigger?: { triggerType: string; triggerDetail?: string };
}

type HistoryRow = Omit<ExecutionSummary, "number"> & { number?: number };

function asRow(name: string, old: OldExecution): HistoryRow {
  const live = old.status === "InProgress" || old.status === "Stopping";
  return {
    pipelineName: name,
    pipelineExecutionId: old.pipelineExecutionId,
    status: old.status,
    started: old.startTime ?? 0,
    updated: old.lastUpdateTime ?? 0,
    ...(live ? {} : { ended: old.lastUpdateTime ?? 0 }),
    version: 0,
    ...(old.trigger ? { trigger: old.trigger } : {}),
    stages: [],
    revisions: (old.sourceRevisions ?? []).map((r) => ({ ...r, revisionId: r.revisionId ?? "" })),
  };
}

function History({ name, newest }: { name: string; newest: ExecutionSummary[] }) {
  const [older, setOlder] = useState<HistoryRow[]>([]);
  const [next, setNext] = useState<string | null>("");
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const known = new Set(newest.map((e) => e.pipelineExecutionId));
  const rows: HistoryRow[] = [...newest, ...older.filter((e) => !known.has(e.pipelineExecutionId))];

  const more = async () => {
    setBusy(true);
    try {
      const page = await codePipeline<{ pipelineExecutionSummaries: OldExecution[]; nextToken?: string }>("ListPipelineExecutions", {
        pipelineName: name,
        maxResults: 100,
        ...(next ? { nextToken: next } : {}),
      });
      setOlder([...older, ...page.pipelineExecutionSummaries.map((e) => asRow(name, e))]);
      setNext(page.nextToken ?? null);
      setError(null);
    } catch (failure) {
      setError(messageOf(failure));
    } finally {
      setBusy(false);
    }
  };

  return (
    <section class="history" aria-labelledby="history-title">
      <h2 id="history-title">History</h2>
      {rows.length ? (
        <ul class="executions">
          {rows.map((execution) => (
            <HistoryItem key={execution.pipelineExecutionId} name={name} execution={execution} />
          ))}
        </ul>
      ) : (
        <p class="muted">No execution yet. Press Run, or push to the source.</p>
      )}
      {error ? <Notice kind="bad">{error}</Notice> : null}
      {newest.length >= 25 && next !== null ? (
        <Button busy={busy} onClick={() => void more()}>
          Show older executions
        </Button>
      ) : null}
    </section>
  );
}

function HistoryItem({ name, execution }: { name: string; execution: HistoryRow }) {
  const state = executionState(execution);
  return (
    <li class="execution-row">
      <a class="execution-link" data-row href={paths.execution(name, execution.pipelineExecutionId)}>
        {execution.number ? `#${execution.number}` : execution.pipelineExecutionId.slice(0, 8)}
      </a>
      <Status state={state} />
      <span class="execution-what">
        <RollbackTag execution={execution} />
        <RevisionLine execution={execution as ExecutionSummary} />
        {execution.stoppedBy ? (
          <span class="muted">
            stopped by {personName(execution.stoppedBy)}
            {execution.stopReason ? `: ${execution.stopReason}` : ""}
          </span>
        ) : execution.wait && state !== "waiting" && isLive(state) ? (
          <span class="muted">{execution.wait}</span>
        ) : null}
      </span>
      <span class="execution-trigger muted">{triggerWords(execution as ExecutionSummary)}</span>
      <span class="execution-when muted">
        <Age at={execution.started} />
        <span class="took">
          <Took from={execution.started} to={isLive(state) ? undefined : (execution.ended ?? execution.updated)} />
        </span>
      </span>
    </li>
  );
}

function Definition({ detail }: { detail: PipelineDetail }) {
  const text = JSON.stringify(detail.declaration, null, 2);
  return (
    <details class="definition">
      <summary>Definition, version {detail.pipeline.version}</summary>
      <div class="code-block">
        <Copy text={text} what="the definition" />
        <pre tabIndex={0} aria-label="The definition as JSON">
          <code>{text}</code>
        </pre>
      </div>
    </details>
  );
}
