// The pipeline as the pipe it is: stages joined by segments that fill as the
// execution flows. Left to right on wide screens, top down on narrow ones.
import type { ComponentChildren } from "preact";
import { isLive, stateWords, type State } from "../status.ts";
import { Status, Took } from "./basics.tsx";
import { StateIcon } from "./icons.tsx";
import { providerName } from "./words.ts";

export interface GraphAction {
  name: string;
  provider: string;
  runOrder: number;
  state: State;
  href?: string | undefined;
  started?: number | undefined;
  ended?: number | undefined;
  /** One line below the name: what it waits for, why it failed, who approved. */
  line?: string | undefined;
  percent?: number | undefined;
}

export interface GraphStage {
  name: string;
  state: State;
  /** What it, or who stands in front of it, waits for. */
  wait?: ComponentChildren;
  note?: ComponentChildren;
  retried?: string | undefined;
  /** Stands on the segment of pipe before the stage. */
  valve?: ComponentChildren;
  /** Nobody goes in: the note that says why. */
  closed?: ComponentChildren;
  conditions?: ComponentChildren;
  /** What a person may do with the stage. */
  buttons?: ComponentChildren;
  actions: GraphAction[];
}

export function Graph(props: { stages: GraphStage[]; label: string }) {
  return (
    <div class="graph-frame" role="region" aria-label={props.label} tabIndex={0}>
      <ol class="graph">
        {props.stages.map((stage, i) => (
          <li key={stage.name} class={`stage is-${stage.state} ${flow(props.stages, i)}`}>
            {stage.valve}
            <section class="stage-box" aria-label={`Stage ${stage.name}`}>
              <header class="stage-head">
                <h2 title={stage.name}>{stage.name}</h2>
                <Status state={stage.state} />
                {stage.note}
              </header>
              {stage.closed}
              {stage.wait ? <div class="stage-wait">{stage.wait}</div> : null}
              {stage.retried ? <p class="stage-retried">{stage.retried}</p> : null}
              <Actions actions={stage.actions} />
              {stage.conditions}
              {stage.buttons ? <div class="buttons stage-buttons">{stage.buttons}</div> : null}
            </section>
          </li>
        ))}
      </ol>
    </div>
  );
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Has the water come to this stage? The segment before it shows it. */
function flow(stages: GraphStage[], at: number): string {
  const state = stages[at]?.state;
  if (!state || state === "idle" || state === "queued" || state === "skipped") return "flow-none";
  return state === "running" || state === "cancelling" ? "flow-moving" : "flow-full";
}

function Actions(props: { actions: GraphAction[] }) {
  const orders = [...new Set(props.actions.map((action) => action.runOrder))].sort((a, b) => a - b);
  return (
    <ol class="action-groups">
      {orders.map((order) => {
        const group = props.actions.filter((action) => action.runOrder === order);
        return (
          <li key={order} class={group.length > 1 ? "action-group is-parallel" : "action-group"}>
            {group.length > 1 ? <span class="off-screen">In parallel:</span> : null}
            <ul>
              {group.map((action) => (
                <li key={action.name}>
                  <ActionCard action={action} />
                </li>
              ))}
            </ul>
          </li>
        );
      })}
    </ol>
  );
}

function ActionCard({ action }: { action: GraphAction }) {
  const body = (
    <>
      <span class="action-top">
        <StateIcon state={action.state} />
        <span class="action-name">{action.name}</span>
        {action.started !== undefined && action.state !== "idle" ? (
          <span class="action-took">
            <Took from={action.started} to={isLive(action.state) ? undefined : (action.ended ?? action.started)} />
          </span>
        ) : null}
      </span>
      <span class="action-kind">
        {stateWords[action.state]} · {providerName(action.provider)}
      </span>
      {action.line ? <span class="action-line">{action.line}</span> : null}
      {action.percent !== undefined && isLive(action.state) ? (
        <progress max={100} value={action.percent} aria-label={`${action.name}: ${action.percent} percent done`} />
      ) : null}
    </>
  );
  const style = `action is-${action.state}`;
  return action.href ? (
    <a class={style} href={action.href} data-row>
      {body}
    </a>
  ) : (
    <div class={style}>{body}</div>
  );
}

/** The same pipe in one line, for lists. */
export function StageChips(props: { stages: { name: string; state: State; wait?: string | undefined }[] }) {
  return (
    <ol class="chips" aria-label="Stages">
      {props.stages.map((stage) => (
        <li key={stage.name} class={`chip is-${stage.state}`} title={`${stage.name}: ${stage.wait ?? stateWords[stage.state]}`}>
          <StateIcon state={stage.state} />
          <span class="chip-name">{stage.name}</span>
          <span class="off-screen">: {stateWords[stage.state]}</span>
        </li>
      ))}
    </ol>
  );
}
