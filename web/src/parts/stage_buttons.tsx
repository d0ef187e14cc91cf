// What a person may do with a stage that has ended: try it again, or go back
// to what an earlier execution left there.
import { useState } from "preact/hooks";
import { codePipeline } from "../api/client.ts";
import type { ExecutionName } from "../api/types.ts";
import { go, paths } from "../router.ts";
import { tell } from "./announce.tsx";
import { Button, Notice, useBusy } from "./basics.tsx";
import { Dialog } from "./dialog.tsx";
import { Glyph } from "./icons.tsx";

export interface StageOf {
  pipelineName: string;
  stageName: string;
}

export function RetryButtons(props: { stage: StageOf; execution: ExecutionName; all: boolean; onDone: () => void }) {
  const { pipelineName, stageName } = props.stage;
  const work = useBusy();
  const [mode, setMode] = useState("");
  const retry = (retryMode: "FAILED_ACTIONS" | "ALL_ACTIONS") => {
    setMode(retryMode);
    void work
      .run(async () => {
        await codePipeline("RetryStageExecution", { pipelineName, stageName, pipelineExecutionId: props.execution.pipelineExecutionId, retryMode });
        tell(`Stage ${stageName} of #${props.execution.number} is tried again.`);
      })
      .then(props.onDone);
  };
  return (
    <>
      <Button
        busy={work.busy && mode === "FAILED_ACTIONS"}
        disabled={work.busy}
        onClick={() => retry("FAILED_ACTIONS")}
        label={`Retry ${stageName} of #${props.execution.number}`}
        title="The failed actions once more, in the same execution"
      >
        <Glyph name="again" />
        Retry
      </Button>
      {props.all ? (
        <Button
          busy={work.busy && mode === "ALL_ACTIONS"}
          disabled={work.busy}
          onClick={() => retry("ALL_ACTIONS")}
          label={`Retry all actions of ${stageName} of #${props.execution.number}`}
          title="Every action of the stage once more, in the same execution"
        >
          Retry all actions
        </Button>
      ) : null}
      {work.error ? (
        <p class="field-error" role="alert">
          {work.error}
        </p>
      ) : null}
    </>
  );
}

export function RollBackButton(props: { stage: StageOf; target: ExecutionName; onDone: () => void }) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button onClick={() => setAsking(true)} label={`${props.stage.stageName}: Roll back to #${props.target.number}…`}>
        Roll back to #{props.target.number}…
      </Button>
      {asking ? <RollBackDialog {...props} onClose={() => setAsking(false)} /> : null}
    </>
  );
}

function RollBackDialog(props: { stage: StageOf; target: ExecutionName; onDone: () => void; onClose: () => void }) {
  const { pipelineName, stageName } = props.stage;
  const work = useBusy();
  // The page behind may move on to another target: what was asked stays what is done.
  const [target] = useState(props.target);
  const rollBack = async () => {
    const done = await work.run(async () => {
      const started = await codePipeline<{ pipelineExecutionId: string }>("RollbackStage", {
        pipelineName,
        stageName,
        targetPipelineExecutionId: target.pipelineExecutionId,
      });
      tell(`Stage ${stageName} goes back to #${target.number}.`);
      props.onClose();
      go(paths.execution(pipelineName, started.pipelineExecutionId));
    });
    if (!done) props.onDone();
  };
  return (
    <Dialog title={`Roll back ${stageName} to ${pipelineName} #${target.number}?`} onClose={props.onClose}>
      <p>
        A new execution runs the stage {stageName}, and no other, with the source revisions, variables and artifacts of #{target.number}. It asks no conditions and passes disabled
        transitions; an approval in the stage is asked for again.
      </p>
      {work.error ? <Notice kind="bad">{work.error}</Notice> : null}
      <div class="buttons is-end">
        <Button onClick={props.onClose}>Leave it as it is</Button>
        <Button kind="danger" busy={work.busy} onClick={() => void rollBack()}>
          Roll back to #{target.number}
        </Button>
      </div>
    </Dialog>
  );
}
