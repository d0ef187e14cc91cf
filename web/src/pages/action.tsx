// One action of one execution: how it stands, why, and its log.
import { useState } from "preact/hooks";
import { asSentence } from "../api/client.ts";
import type { ActionDetail, ExecutionDetail } from "../api/types.ts";
import { useKeys } from "../keys.ts";
import { LogView } from "../log/view.tsx";
import { useStateNews, useTab } from "../parts/announce.tsx";
import { ApprovalPanel, focusApproval } from "../parts/approval.tsx";
import { Batch, firstFailed, logOf } from "../parts/batch.tsx";
import { Age, Button, Loading, Moment, Notice, Outside, ReadTrouble, Status, Took } from "../parts/basics.tsx";
import { CancelDialog } from "../parts/cancel.tsx";
import { DeploymentPanel } from "../parts/deployment.tsx";
import { Glyph } from "../parts/icons.tsx";
import { Crumbs, Missing } from "../parts/page.tsx";
import { Reports } from "../parts/reports.tsx";
import { personName, providerName } from "../parts/words.ts";
import { paths } from "../router.ts";
import { actionState, executionState, isLive } from "../status.ts";
import { duration } from "../time.ts";
import { underWay, useExecution } from "./execution.tsx";

export function ActionPage(props: { name: string; id: string; stage: string; action: string }) {
  const live = useExecution(props.name, props.id);
  const [asking, setAsking] = useState(false);
  const data = live.data;
  const action = data?.stages.find((s) => s.name === props.stage)?.actions.find((a) => a.name === props.action);
  const state = data && action ? actionState(action, executionState(data.execution)) : undefined;
  const title = `${props.action}, ${props.name}${data ? ` #${data.execution.number}` : ""}`;
  useTab(title, state);
  useStateNews(title, state);
  useKeys({
    a: focusApproval,
    c: () => data?.canStop && setAsking(true),
  });

  if (live.missing || (data && !action)) return <Missing what={`the action “${props.stage}/${props.action}” in this execution`} />;
  return (
    <>
      <Crumbs
        trail={[
          ["Pipelines", paths.overview],
          [props.name, paths.pipeline(props.name)],
          [data ? `#${data.execution.number}` : "execution", paths.execution(props.name, props.id)],
        ]}
      />
      {data && action?.approval && state === "waiting" ? (
        <ApprovalPanel key={action.approval.token} approval={action.approval} number={data.execution.number} onDecided={live.refresh} />
      ) : null}
      <header class="page-head is-tight">
        <div class="page-title">
          <h1 tabIndex={-1}>
            <span class="h1-stage">{props.stage}</span>
            <span class="h1-slash">/</span>
            {props.action}
          </h1>
          {state ? <Status state={state} class="is-large" /> : null}
          {action?.started !== undefined && state ? (
            <span class="muted nobreak">
              <Took from={action.started} to={isLive(state) ? undefined : (action.ended ?? action.updated)} />
            </span>
          ) : null}
        </div>
        {data?.canStop ? (
          <div class="buttons">
            <Button kind="danger" keys="c" onClick={() => setAsking(true)}>
              <Glyph name="stop" />
              Cancel…
            </Button>
          </div>
        ) : null}
      </header>
      <ReadTrouble error={live.error} refresh={live.refresh} have={!!data} />
      {data && action ? <Body data={data} action={action} /> : live.error ? null : <Loading what="the action" />}
      {asking && data ? <CancelDialog execution={data.execution} actions={underWay(data)} onClose={() => setAsking(false)} onDone={live.refresh} /> : null}
    </>
  );
}

function Body({ data, action }: { data: ExecutionDetail; action: ActionDetail }) {
  const state = actionState(action, executionState(data.execution));
  const failed = state === "failed";
  const words = action.errorMessage ?? (failed ? action.summary : undefined);
  const batch = action.buildBatch;
  const [chosen, setChosen] = useState<{ identifier: string | undefined } | null>(null);
  const picked = chosen ? chosen.identifier : batch && failed ? firstFailed(batch)?.identifier : undefined;
  const log = logOf(batch?.buildGroups?.find((group) => group.identifier === picked)) ?? action.log?.logId;
  return (
    <>
      {failed && words ? (
        <Notice kind="bad">
          {asSentence(words)} {action.errorCode ? <code class="error-text">{action.errorCode}</code> : null}
        </Notice>
      ) : null}
      {action.category === "Approval" && action.updatedBy && !isLive(state) ? (
        <Notice kind={failed ? "bad" : "good"}>
          {failed ? "Rejected" : "Approved"} by {personName(action.updatedBy)}
          {action.summary ? `: “${action.summary}”` : "."}
        </Notice>
      ) : action.wait ? (
        <p class="story">{action.wait.charAt(0).toUpperCase() + action.wait.slice(1)}.</p>
      ) : action.summary && !failed ? (
        <p class="story">{action.summary}</p>
      ) : null}
      {typeof action.percentComplete === "number" && isLive(state) ? <progress max={100} value={action.percentComplete} aria-label={`${action.percentComplete} percent done`} /> : null}
      {action.deployment ? <DeploymentPanel deployment={action.deployment} live={isLive(state)} /> : null}
      <Phases action={action} />
      {action.build?.reportArns?.length ? <Reports key={action.build.reportArns.join()} arns={action.build.reportArns} /> : null}
      <Facts action={action} />
      {batch ? <Batch batch={batch} picked={picked} onPick={(identifier) => setChosen({ identifier })} /> : null}
      {log ? (
        <LogView key={log} logId={log} failed={failed} started={action.started} />
      ) : (
        <p class="muted no-log">
          {action.category === "Approval" ? "An approval writes no log." : isLive(state) ? "The log begins when a runner has taken the action." : "This action wrote no log."}
        </p>
      )}
    </>
  );
}

function Phases({ action }: { action: ActionDetail }) {
  const phases = action.build?.phases?.filter((phase) => phase.phaseType !== "COMPLETED" && phase.phaseType !== "SUBMITTED" && !(phase.phaseType === "QUEUED" && !phase.durationInSeconds));
  if (!phases?.length) return null;
  return (
    <ol class="phases" aria-label="Phases of the build">
      {phases.map((phase) => {
        const status = phase.phaseStatus;
        const state = status === "SUCCEEDED" ? "succeeded" : status === "STOPPED" ? "cancelled" : status && status !== "IN_PROGRESS" ? "failed" : "running";
        const seconds = phase.durationInSeconds ?? (phase.endTime && phase.startTime ? phase.endTime - phase.startTime : undefined);
        return (
          <li key={phase.phaseType}>
            <Status state={state} word={phase.phaseType.toLowerCase().replaceAll("_", " ")} />
            {seconds !== undefined ? <span class="muted number">{duration(seconds)}</span> : null}
          </li>
        );
      })}
    </ol>
  );
}

function Facts({ action }: { action: ActionDetail }) {
  const outputs = Object.entries(action.outputVariables ?? {});
  const settings = Object.entries(action.configuration ?? {});
  return (
    <details class="action-facts">
      <summary>
        {providerName(action.provider)}
        {action.runner ? `, on ${action.runner}` : ""}
        {action.started !== undefined ? (
          <>
            , started <Age at={action.started} />
          </>
        ) : null}
      </summary>
      <dl class="facts">
        {action.started !== undefined ? (
          <div>
            <dt>Started</dt>
            <dd>
              <Moment at={action.started} />
            </dd>
          </div>
        ) : null}
        {action.ended !== undefined ? (
          <div>
            <dt>Ended</dt>
            <dd>
              <Moment at={action.ended} />
            </dd>
          </div>
        ) : null}
        {action.externalExecutionId ? (
          <div>
            <dt>At the provider</dt>
            <dd class="break">
              {action.externalExecutionUrl ? <Outside href={action.externalExecutionUrl}>{action.externalExecutionId}</Outside> : <code>{action.externalExecutionId}</code>}
            </dd>
          </div>
        ) : null}
        {action.inputArtifacts?.length ? (
          <div>
            <dt>Takes</dt>
            <dd>{action.inputArtifacts.join(", ")}</dd>
          </div>
        ) : null}
        {action.outputArtifacts?.length ? (
          <div>
            <dt>Gives</dt>
            <dd>{action.outputArtifacts.join(", ")}</dd>
          </div>
        ) : null}
        {[...settings, ...outputs.map(([key, value]) => [`#{${key}}`, value] as const)].map(([key, value]) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd class="break">
              <code>{value}</code>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
