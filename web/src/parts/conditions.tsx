// The conditions of a stage: what is asked, by which rules, how it stands, and
// the way past one that a person may override.
import { codePipeline, logAddress } from "../api/client.ts";
import type { Condition, ConditionType } from "../api/types.ts";
import { actionState } from "../status.ts";
import { tell } from "./announce.tsx";
import { Button, Status, useBusy } from "./basics.tsx";
import { StateIcon } from "./icons.tsx";
import type { StageOf } from "./stage_buttons.tsx";

const names: Record<ConditionType, string> = { BEFORE_ENTRY: "Before entry", ON_SUCCESS: "On success", ON_FAILURE: "On failure" };

/** What follows where it is not met; that of ON_FAILURE follows where it is. */
const results: Record<Condition["result"], string> = { FAIL: "the stage fails", SKIP: "the stage is skipped", ROLLBACK: "the stage is rolled back", RETRY: "the stage is tried again" };

export function Conditions(props: { stage: StageOf; pipelineExecutionId: string; conditions: Condition[]; onDone: () => void }) {
  return (
    <ul class="conditions" aria-label={`Conditions of ${props.stage.stageName}`}>
      {props.conditions.map((condition) => (
        <li key={condition.type}>
          <p class="condition-head">
            <strong>{names[condition.type]}</strong>
            {condition.status ? <Status state={actionState(condition)} word={condition.status === "InProgress" ? "Being asked" : condition.status} /> : <span class="muted">not asked yet</span>}
          </p>
          <p class="muted">
            {condition.type === "ON_FAILURE" ? "If met" : "If not met"}, {results[condition.result]}
            {condition.summary ? `. ${condition.summary}` : ""}
          </p>
          <ul class="rules">
            {condition.rules.map((rule) => (
              <li key={rule.name}>
                <StateIcon state={actionState(rule)} />
                <span>
                  {rule.name} <span class="muted">({rule.provider})</span>
                  {rule.status ? `: ${rule.wait ?? rule.errorMessage ?? rule.summary ?? rule.status}` : ""}
                </span>
                {rule.log ? (
                  <a href={`${logAddress(rule.log.logId)}/raw`} download aria-label={`Log of the rule ${rule.name}`}>
                    Log
                  </a>
                ) : null}
              </li>
            ))}
          </ul>
          {condition.canOverride ? <Override {...props} type={condition.type} /> : null}
        </li>
      ))}
    </ul>
  );
}

function Override(props: { stage: StageOf; pipelineExecutionId: string; type: ConditionType; onDone: () => void }) {
  const work = useBusy();
  const override = () =>
    void work
      .run(async () => {
        await codePipeline("OverrideStageCondition", { ...props.stage, pipelineExecutionId: props.pipelineExecutionId, conditionType: props.type });
        tell(`Overrode the condition of ${props.stage.stageName}. The execution goes on.`);
      })
      .then(props.onDone);
  return (
    <>
      <Button busy={work.busy} onClick={override} title="The execution goes on as if the condition were met" label={`Override the condition of ${props.stage.stageName}`}>
        Override
      </Button>
      {work.error ? (
        <p class="field-error" role="alert">
          {work.error}
        </p>
      ) : null}
    </>
  );
}
