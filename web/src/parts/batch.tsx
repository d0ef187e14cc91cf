// The builds of an action that is a batch: how each stands, what it waits for,
// and which one's log is shown below.
import type { BuildBatch, BuildGroup } from "../api/types.ts";
import { type State } from "../status.ts";
import { Status } from "./basics.tsx";

/** A build's log is named like the build. */
export function logOf(group: BuildGroup | undefined): string | undefined {
  return group?.currentBuildSummary?.arn?.split(":").pop();
}

/** The group whose log says why the batch failed. */
export function firstFailed(batch: BuildBatch): BuildGroup | undefined {
  return batch.buildGroups?.find((group) => !group.ignoreFailure && stateOf(group) === "failed" && logOf(group));
}

export function Batch(props: { batch: BuildBatch; picked: string | undefined; onPick: (identifier: string | undefined) => void }) {
  const groups = props.batch.buildGroups ?? [];
  return (
    <section class="batch" aria-label="Builds of the batch">
      <ul>
        <li>
          <button type="button" class="batch-row" aria-pressed={props.picked === undefined} onClick={() => props.onPick(undefined)}>
            <span class="batch-name">The batch</span>
            <span class="muted">what became of each build</span>
          </button>
        </li>
        {groups.map((group) => (
          <li key={group.identifier}>
            <button
              type="button"
              class="batch-row"
              aria-pressed={props.picked === group.identifier}
              disabled={!logOf(group)}
              onClick={() => props.onPick(group.identifier)}
            >
              <Status state={stateOf(group)} word={group.identifier} class="batch-name" />
              <span class="muted">{story(group)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function stateOf(group: BuildGroup): State {
  const status = group.currentBuildSummary?.buildStatus;
  if (!status) return "idle";
  if (status === "IN_PROGRESS") return "running";
  if (status === "SUCCEEDED") return "succeeded";
  return status === "STOPPED" ? "cancelled" : "failed";
}

function story(group: BuildGroup): string {
  const words: string[] = [];
  if (!group.currentBuildSummary?.arn) words.push(group.currentBuildSummary ? "not built" : "waits");
  if (group.dependsOn?.length && group.identifier !== "COMBINE_ARTIFACTS") words.push(`after ${group.dependsOn.join(", ")}`);
  if (group.ignoreFailure) words.push("its failure is ignored");
  const tries = group.priorBuildSummaryList?.length ?? 0;
  if (tries) words.push(tries === 1 ? "tried once before" : `tried ${tries} times before`);
  return words.join(", ");
}
