// The two ways to end work, each saying what it does before it is done.
import { useState } from "preact/hooks";
import { codePipeline, penstock } from "../api/client.ts";
import type { ActionDetail, ExecutionSummary } from "../api/types.ts";
import { useDraft } from "../storage.ts";
import { tell } from "./announce.tsx";
import { Button, Notice, useBusy } from "./basics.tsx";
import { Dialog } from "./dialog.tsx";
import { Glyph } from "./icons.tsx";
import { cancelOutcome } from "./words.ts";

const reasonLimit = 200;

export function CancelDialog(props: { execution: ExecutionSummary; actions: ActionDetail[]; onClose: () => void; onDone: () => void }) {
  const { execution } = props;
  const [reason, setReason] = useDraft(`cancel:${execution.pipelineExecutionId}`);
  const work = useBusy();
  // What was promised when the dialog opened stays on it; the page behind may move on.
  const [outcome] = useState(() => cancelOutcome(props.actions));
  const cancel = async () => {
    const done = await work.run(async () => {
      await codePipeline("StopPipelineExecution", {
        pipelineName: execution.pipelineName,
        pipelineExecutionId: execution.pipelineExecutionId,
        abandon: true,
        ...(reason.trim() ? { reason: reason.trim() } : {}),
      });
    });
    props.onDone();
    if (!done) return;
    setReason("");
    tell(`Cancelling ${execution.pipelineName} #${execution.number}.`);
    props.onClose();
  };
  return (
    <Dialog title={`Cancel ${execution.pipelineName} #${execution.number}?`} onClose={props.onClose}>
      <p>This happens now:</p>
      <ul class="outcome">
        {outcome.map((text) => (
          <li key={text}>{text}</li>
        ))}
        <li>No further stage starts.</li>
      </ul>
      <p>The execution ends when that has been seen done.</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void cancel();
        }}
      >
        <div class="field">
          <label for="cancel-reason">
            Reason <span class="muted">(optional, shown to everyone)</span>
          </label>
          <input id="cancel-reason" type="text" maxLength={reasonLimit} autocomplete="off" value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
        </div>
        {work.error ? <Notice kind="bad">{work.error}</Notice> : null}
        <div class="buttons is-end">
          <Button onClick={props.onClose}>Keep it running</Button>
          <Button kind="danger" type="submit" busy={work.busy}>
            <Glyph name="stop" />
            Cancel the execution
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function AbandonDialog(props: {
  target: { pipelineName: string; pipelineExecutionId: string; stageName: string; actionName: string };
  onClose: () => void;
  onDone: () => void;
}) {
  const work = useBusy();
  const name = `${props.target.stageName}/${props.target.actionName}`;
  const abandon = async () => {
    const done = await work.run(async () => {
      await penstock("AbandonAction", props.target);
    });
    props.onDone();
    if (!done) return;
    tell(`No longer watching ${name}.`);
    props.onClose();
  };
  return (
    <Dialog title={`Stop watching ${name}?`} onClose={props.onClose}>
      <p>
        Penstock no longer waits for the undo and does not repeat it. <strong>What the provider is running stays as it is</strong>, perhaps half old and half new. The execution can
        end.
      </p>
      {work.error ? <Notice kind="bad">{work.error}</Notice> : null}
      <div class="buttons is-end">
        <Button onClick={props.onClose}>Keep waiting</Button>
        <Button kind="danger" busy={work.busy} onClick={() => void abandon()}>
          Stop watching
        </Button>
      </div>
    </Dialog>
  );
}
