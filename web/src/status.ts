// AWS's status values as people meet them. One list of states with one word
// each; icon and colour hang on the state (parts/status.tsx, style/status.css).
import type { ActionDetail, Approval, ExecutionSummary, StageSummary } from "./api/types.ts";

export type State =
  | "idle"
  | "queued"
  | "running"
  | "waiting"
  | "succeeded"
  | "failed"
  | "cancelling"
  | "cancelled"
  | "superseded"
  | "skipped";

export const stateWords: Record<State, string> = {
  idle: "Not started",
  queued: "Queued",
  running: "Running",
  waiting: "Waiting for approval",
  succeeded: "Succeeded",
  failed: "Failed",
  cancelling: "Cancelling",
  cancelled: "Cancelled",
  superseded: "Superseded",
  skipped: "Skipped",
};

const plain: Record<string, State> = {
  Succeeded: "succeeded",
  Failed: "failed",
  Stopping: "cancelling",
  Stopped: "cancelled",
  Cancelled: "cancelled",
  Abandoned: "cancelled",
  Superseded: "superseded",
  Skipped: "skipped",
  // Of conditions only:
  Errored: "failed",
  Overridden: "skipped",
};

/** `wait` is the server's sentence about what something in progress waits for. */
function stateOf(status: string | undefined, wait: string | undefined, approval?: unknown): State {
  if (status && status !== "InProgress") return plain[status] ?? "idle";
  if (wait?.startsWith("stopping")) return "cancelling";
  if (status && (approval || wait?.startsWith("waiting for approval"))) return "waiting";
  if (wait?.startsWith("waiting for") || wait?.startsWith("the transition into")) return "queued";
  return status === "InProgress" ? "running" : "idle";
}

export const executionState = (e: Pick<ExecutionSummary, "status" | "wait" | "approval">): State => stateOf(e.status, e.wait, e.approval);

/** `actions` and `approval` tell whether a stage under way is really at work, or waits. */
export function stageState(stage: StageSummary, actions: Pick<ActionDetail, "status" | "wait" | "approval">[] = [], approval?: Approval): State {
  const asked = approval?.stageName === stage.name;
  const state = stateOf(stage.status, stage.wait, asked || undefined);
  if (state !== "running") return state;
  const live = actions.filter((action) => action.status === "InProgress").map((action) => stateOf(action.status, action.wait, action.approval));
  if (live.includes("running")) return "running";
  return live.includes("waiting") ? "waiting" : (live[0] ?? "running");
}

export function actionState(a: Pick<ActionDetail, "status" | "wait" | "approval">, execution?: State): State {
  const state = stateOf(a.status, a.wait, a.approval);
  return execution === "cancelling" && (state === "running" || state === "waiting" || state === "queued") ? "cancelling" : state;
}

export const isLive = (state: State): boolean => state === "queued" || state === "running" || state === "waiting" || state === "cancelling";
