// One execution: the gate first when it waits, then how it stands, what it
// carries, and every stage with its actions.
import { useState } from "preact/hooks";
import { asSentence, codePipeline, penstock } from "../api/client.ts";
import { useLive } from "../api/live.ts";
import type { ActionDetail, ExecutionDetail, ExecutionSummary, StageDetail } from "../api/types.ts";
import { useKeys } from "../keys.ts";
import { tell, useStateNews, useTab } from "../parts/announce.tsx";
import { ApprovalPanel, focusApproval } from "../parts/approval.tsx";
import { Age, Button, Loading, Moment, Notice, ReadTrouble, Status, Took, useBusy } from "../parts/basics.tsx";
import { AbandonDialog, CancelDialog } from "../parts/cancel.tsx";
import { Conditions } from "../parts/conditions.tsx";
import { capital, Graph, type GraphAction } from "../parts/graph.tsx";
import { Glyph } from "../parts/icons.tsx";
import { CauseNotice } from "../parts/deployment.tsx";
import { Crumbs, Missing } from "../parts/page.tsx";
import { RevisionList, RollbackTag } from "../parts/revisions.tsx";
import { RetryButtons, RollBackButton } from "../parts/stage_buttons.tsx";
import { personName, retryWords, triggerWords } from "../parts/words.ts";
import { go, paths } from "../router.ts";
import { actionState, executionState, isLive, stageState } from "../status.ts";

export function useExecution(name: string, id: string) {
  return useLive<ExecutionDetail>(
    `execution ${name} ${id}`,
    () => penstock("GetExecutionDetail", { pipelineName: name, pipelineExecutionId: id }),
    (event) => event.pipelineName === undefined || event.pipelineName === name,
  );
}

export function ExecutionPage({ name, id }: { name: string; id: string }) {
  const live = useExecution(name, id);
  const [asking, setAsking] = useState(false);
  const data = live.data;
  const state = data ? executionState(data.execution) : undefined;
  const title = data ? `${name} #${data.execution.number}` : name;
  useTab(title, state);
  useStateNews(title, state);
  useKeys({
    a: focusApproval,
    c: () => data?.canStop && setAsking(true),
  });

  if (live.missing) return <Missing what={`this execution of “${name}”`} />;
  const approval = data && state === "waiting" ? approvalOf(data) : undefined;
  return (
    <>
      <Crumbs
        trail={[
          ["Pipelines", paths.overview],
          [name, paths.pipeline(name)],
        ]}
      />
      {data && approval ? <ApprovalPanel key={approval.token} approval={approval} number={data.execution.number} onDecided={live.refresh} /> : null}
      <header class="page-head">
        <div class="page-title">
          <h1 tabIndex={-1}>
            {name} {data ? <span class="h1-number">#{data.execution.number}</span> : null}
          </h1>
          {state ? <Status state={state} class="is-large" /> : null}
          {data ? <RollbackTag execution={data.execution} /> : null}
        </div>
        {data ? (
          <div class="buttons">
            {data.canRunAgain ? <RunAgain execution={data.execution} /> : null}
            {data.canStop ? (
              <Button kind="danger" keys="c" onClick={() => setAsking(true)}>
                <Glyph name="stop" />
                Cancel…
              </Button>
            ) : null}
          </div>
        ) : null}
      </header>
      <ReadTrouble error={live.error} refresh={live.refresh} have={!!data} />
      {data ? <Body data={data} refresh={live.refresh} /> : live.error ? null : <Loading what="the execution" />}
      {asking && data ? <CancelDialog execution={data.execution} actions={underWay(data)} onClose={() => setAsking(false)} onDone={live.refresh} /> : null}
    </>
  );
}

function approvalOf(data: ExecutionDetail) {
  return data.execution.approval ?? data.stages.flatMap((stage) => stage.actions).find((action) => action.approval)?.approval;
}

export const underWay = (data: ExecutionDetail): ActionDetail[] =>
  data.stages.flatMap((stage) => stage.actions).filter((action) => action.status === "InProgress" || action.wait?.startsWith("waiting for a runner"));

function RunAgain({ execution }: { execution: ExecutionSummary }) {
  const work = useBusy();
  const commits = execution.revisions.filter((revision) => /^[0-9a-f]{40}$/.test(revision.revisionId));
  const run = () =>
    void work.run(async () => {
      const started = await codePipeline<{ pipelineExecutionId: string }>("StartPipelineExecution", {
        name: execution.pipelineName,
        ...(commits.length
          ? { sourceRevisions: commits.map((r) => ({ actionName: r.actionName, revisionType: "COMMIT_ID", revisionValue: r.revisionId })) }
          : {}),
      });
      tell(`Started ${execution.pipelineName} again.`);
      go(paths.execution(execution.pipelineName, started.pipelineExecutionId));
    });
  return (
    <>
      <Button busy={work.busy} onClick={run} title={commits.length ? "Start a new execution with the same commits" : "Start a new execution"}>
        <Glyph name="again" />
        Run again
      </Button>
      {work.error ? (
        <p class="field-error" role="alert">
          {work.error}
        </p>
      ) : null}
    </>
  );
}

function Body({ data, refresh }: { data: ExecutionDetail; refresh: () => void }) {
  const { execution } = data;
  const state = executionState(execution);
  return (
    <>
      <p class="story">
        <span>{sentence(triggerWords(execution))}</span> <Age at={execution.started} />
        <span aria-hidden="true"> · </span>
        <span>{isLive(state) ? "running for" : "took"}</span> <Took from={execution.started} to={isLive(state) ? undefined : (execution.ended ?? execution.updated)} />
        {execution.wait && (state === "queued" || state === "running") ? (
          <>
            <span aria-hidden="true"> · </span>
            <span>{execution.wait}</span>
          </>
        ) : null}
      </p>
      <Outcome data={data} />
      <Stuck data={data} />
      <Undoing data={data} refresh={refresh} />
      <RevisionList revisions={execution.revisions} />
      <Graph
        label={`Stages of ${execution.pipelineName} #${execution.number}`}
        stages={data.stages.map((stage) => ({
          name: stage.name,
          state: stageState(stage, stage.actions),
          wait: stage.wait?.startsWith("waiting for approval") ? undefined : stage.wait && capital(stage.wait),
          retried: retryWords(stage.retries),
          actions: stage.actions.map((action) => graphAction(data, stage.name, action)),
          conditions: stage.conditions ? (
            <Conditions
              stage={{ pipelineName: execution.pipelineName, stageName: stage.name }}
              pipelineExecutionId={execution.pipelineExecutionId}
              conditions={stage.conditions}
              onDone={refresh}
            />
          ) : undefined,
          buttons: stageButtons(data, stage, refresh),
        }))}
      />
      <dl class="facts">
        <div>
          <dt>Started</dt>
          <dd>
            <Moment at={execution.started} />
          </dd>
        </div>
        {execution.ended !== undefined ? (
          <div>
            <dt>Ended</dt>
            <dd>
              <Moment at={execution.ended} />
            </dd>
          </div>
        ) : null}
        <div>
          <dt>Definition</dt>
          <dd>version {data.declarationVersion}</dd>
        </div>
        <div>
          <dt>Execution id</dt>
          <dd>
            <code class="id">{execution.pipelineExecutionId}</code>
          </dd>
        </div>
        {execution.trigger?.triggerDetail ? (
          <div>
            <dt>Trigger</dt>
            <dd class="break">{execution.trigger.triggerDetail}</dd>
          </div>
        ) : null}
      </dl>
    </>
  );
}

/** What may be done with the stage, seen from this execution. */
function stageButtons({ execution }: ExecutionDetail, stage: StageDetail, refresh: () => void) {
  if (!stage.canRetry && !stage.canRollBackTo) return undefined;
  const of = { pipelineName: execution.pipelineName, stageName: stage.name };
  return (
    <>
      {stage.canRetry ? <RetryButtons stage={of} execution={execution} all={!!stage.canRetryAll} onDone={refresh} /> : null}
      {stage.canRollBackTo ? <RollBackButton stage={of} target={execution} onDone={refresh} /> : null}
    </>
  );
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Why it ended as it did: the failed action's own sentence, or who stopped it. */
function Outcome({ data }: { data: ExecutionDetail }) {
  const { execution } = data;
  const failed = data.stages.flatMap((stage) => stage.actions.filter((action) => action.status === "Failed").map((action) => ({ stage, action })));
  const superseded = execution.status === "Superseded";
  return (
    <>
      {failed.map(({ stage, action }) => (
        <Notice
          key={`${stage.name}/${action.name}`}
          kind="bad"
          action={
            <a class="button is-plain" href={paths.action(execution.pipelineName, execution.pipelineExecutionId, stage.name, action.name)}>
              <Glyph name="log" />
              {action.log ? "See the log" : "See details"}
            </a>
          }
        >
          <strong>
            {stage.name}/{action.name} {action.category === "Approval" ? "was rejected" : "failed"}.
          </strong>{" "}
          {failureText(action)}
        </Notice>
      ))}
      {execution.stoppedBy || execution.stopReason ? (
        <Notice kind="info">
          {execution.status === "Stopping" ? "Being cancelled" : "Cancelled"}
          {execution.stoppedBy ? ` by ${personName(execution.stoppedBy)}` : ""}
          {execution.stopReason ? `: “${execution.stopReason}”` : "."}
        </Notice>
      ) : null}
      {superseded ? <Notice kind="info">{asSentence(execution.statusSummary ?? "") || "A newer execution took its place before this one went on."}</Notice> : null}
      {!failed.length && execution.status === "Failed" && execution.statusSummary ? <Notice kind="bad">{asSentence(execution.statusSummary)}</Notice> : null}
    </>
  );
}

/** Why a deployment that is under way does not get on. */
function Stuck({ data }: { data: ExecutionDetail }) {
  const { pipelineName, pipelineExecutionId } = data.execution;
  return (
    <>
      {data.stages.flatMap((stage) =>
        stage.actions
          .filter((action) => action.status === "InProgress" && action.deployment?.cause)
          .map((action) => (
            <CauseNotice
              key={`${stage.name}/${action.name}`}
              cause={action.deployment!.cause!}
              live
              action={
                <a class="button is-plain" href={paths.action(pipelineName, pipelineExecutionId, stage.name, action.name)}>
                  <Glyph name="log" />
                  See what ECS says
                </a>
              }
            />
          )),
      )}
    </>
  );
}

function failureText(action: ActionDetail): string {
  if (action.category === "Approval" && action.updatedBy) {
    return `${personName(action.updatedBy)}: “${action.summary ?? action.errorMessage ?? "no comment"}”`;
  }
  return asSentence(action.errorMessage ?? action.summary ?? "No reason was given; its log holds the details.");
}

/** While an undo is under way, its last resort: stop watching it. */
function Undoing({ data, refresh }: { data: ExecutionDetail; refresh: () => void }) {
  const [asking, setAsking] = useState<{ stageName: string; actionName: string } | null>(null);
  // A stop that lets actions end by themselves undoes nothing.
  if (executionState(data.execution) !== "cancelling" || data.execution.wait?.endsWith(" to end")) return null;
  const list = data.stages.flatMap((stage) => stage.actions.filter((action) => action.status === "InProgress").map((action) => ({ stage, action })));
  if (!list.length) return null;
  return (
    <>
      {list.map(({ stage, action }) => (
        <div class="notice is-undoing" key={`${stage.name}/${action.name}`}>
          <Status state="cancelling" word={`${stage.name}/${action.name}: ${action.wait ?? action.summary ?? "being undone"}`} />
          <Button onClick={() => setAsking({ stageName: stage.name, actionName: action.name })}>Stop watching…</Button>
        </div>
      ))}
      {asking ? (
        <AbandonDialog
          target={{ pipelineName: data.execution.pipelineName, pipelineExecutionId: data.execution.pipelineExecutionId, ...asking }}
          onClose={() => setAsking(null)}
          onDone={refresh}
        />
      ) : null}
    </>
  );
}

export function graphAction(data: ExecutionDetail, stage: string, action: ActionDetail): GraphAction {
  const { execution } = data;
  const state = actionState(action, executionState(execution));
  return {
    name: action.name,
    provider: action.provider,
    runOrder: action.runOrder,
    state,
    href: action.status || action.wait ? paths.action(execution.pipelineName, execution.pipelineExecutionId, stage, action.name) : undefined,
    started: action.started,
    ended: action.ended ?? action.updated,
    line: actionLine(action, isLive(state)),
    percent: action.percentComplete,
  };
}

function actionLine(action: ActionDetail, live: boolean): string | undefined {
  if (action.category === "Approval" && action.updatedBy && !live) {
    const verb = action.status === "Succeeded" ? "approved" : "rejected";
    return `${personName(action.updatedBy)} ${verb}${action.summary ? `: “${action.summary}”` : ""}`;
  }
  if (action.wait && !action.wait.startsWith("waiting for approval")) return action.wait;
  return action.errorMessage ?? action.summary;
}
