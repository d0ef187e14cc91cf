import assert from "node:assert/strict";
import { test } from "node:test";
import { actionState, executionState, stageState, type State } from "../src/status.ts";
import { cancelOutcome } from "../src/parts/words.ts";

const execution = (status: string, wait?: string, approval?: object): State => executionState({ status, wait, approval } as never);

test("executions", () => {
  assert.equal(execution("InProgress"), "running");
  assert.equal(execution("InProgress", "waiting for approval: Release/Approve"), "waiting");
  assert.equal(execution("InProgress", undefined, {}), "waiting");
  assert.equal(execution("InProgress", "waiting for a runner"), "queued");
  assert.equal(execution("InProgress", "waiting for execution 3 to leave stage Build"), "queued");
  assert.equal(execution("Stopping"), "cancelling");
  assert.equal(execution("Stopping", "stopping: waiting for A/B to be undone"), "cancelling");
  assert.equal(execution("Stopped"), "cancelled");
  assert.equal(execution("Cancelled"), "cancelled");
  assert.equal(execution("Superseded"), "superseded");
  assert.equal(execution("Failed"), "failed");
  assert.equal(execution("Succeeded"), "succeeded");
  assert.equal(execution("InProgress", "the transition into stage A is disabled: ana closed it: freeze"), "queued");
});

test("stages and actions", () => {
  assert.equal(stageState({ name: "a" }), "idle");
  assert.equal(stageState({ name: "a", status: "Skipped" }), "skipped");
  assert.equal(stageState({ name: "a", wait: "waiting for execution 3 to leave stage a" }), "queued");
  assert.equal(stageState({ name: "a", status: "Succeeded", wait: "waiting for execution 3 to leave stage a" }), "succeeded");
  const under = (...actions: object[]) => stageState({ name: "a", status: "InProgress" }, actions as never);
  assert.equal(under({ status: "Succeeded" }, { status: "InProgress", wait: "waiting for approval" }), "waiting");
  assert.equal(under({ status: "InProgress" }, { status: "InProgress", wait: "waiting for approval" }), "running");
  assert.equal(under({ status: "InProgress", wait: "waiting for a runner" }), "queued");
  assert.equal(under(), "running");
  assert.equal(stageState({ name: "a", status: "InProgress" }, [], { stageName: "a" } as never), "waiting");
  assert.equal(stageState({ name: "b", status: "InProgress" }, [], { stageName: "a" } as never), "running");
  assert.equal(actionState({ status: "Abandoned" }), "cancelled");
  assert.equal(actionState({ status: "InProgress" }, "cancelling"), "cancelling");
  assert.equal(actionState({ status: "Succeeded" }, "cancelling"), "succeeded");
  assert.equal(actionState({}, "cancelling"), "idle");
});

test("what cancelling does is told for each action under way", () => {
  const action = (category: string, provider: string) => ({ name: "X", category, provider, runOrder: 1, status: "InProgress", configuration: {}, inputArtifacts: [], outputArtifacts: [] });
  assert.match(cancelOutcome([action("Build", "CodeBuild")])[0] ?? "", /container is killed/);
  assert.match(cancelOutcome([action("Deploy", "ECS")])[0] ?? "", /goes back to its previous task definition/);
  assert.match(cancelOutcome([action("Approval", "Manual")])[0] ?? "", /withdrawn/);
  assert.equal(cancelOutcome([]).length, 1);
});
