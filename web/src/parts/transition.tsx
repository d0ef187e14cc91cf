// The way into a stage: a valve on the pipe, which a person closes with a
// reason and opens again.
import { useState } from "preact/hooks";
import { codePipeline } from "../api/client.ts";
import type { Transition } from "../api/types.ts";
import { useDraft } from "../storage.ts";
import { tell } from "./announce.tsx";
import { Age, Button, Notice, useBusy } from "./basics.tsx";
import { Dialog } from "./dialog.tsx";
import { Valve } from "./icons.tsx";
import type { StageOf } from "./stage_buttons.tsx";
import { personName } from "./words.ts";

const reasonLimit = 300;

/** Stands on the segment of pipe before the stage. */
export function TransitionValve(props: { stage: StageOf; transition: Transition; onDone: () => void }) {
  const [asking, setAsking] = useState(false);
  const { stageName } = props.stage;
  if (!props.transition.enabled) {
    return (
      <span class="valve is-closed" title={`The transition into ${stageName} is disabled`}>
        <Valve closed />
      </span>
    );
  }
  const label = `Disable the transition into ${stageName}…`;
  return (
    <>
      <button type="button" class="valve" aria-label={label} title={label} onClick={() => setAsking(true)}>
        <Valve />
      </button>
      {asking ? <DisableDialog stage={props.stage} onClose={() => setAsking(false)} onDone={props.onDone} /> : null}
    </>
  );
}

function DisableDialog(props: { stage: StageOf; onClose: () => void; onDone: () => void }) {
  const { pipelineName, stageName } = props.stage;
  const [reason, setReason] = useDraft(`transition:${pipelineName}/${stageName}`);
  const [asked, setAsked] = useState(false);
  const work = useBusy();
  const missing = asked && !reason.trim();
  const disable = async () => {
    if (!reason.trim()) {
      setAsked(true);
      document.querySelector<HTMLElement>("#transition-reason")?.focus();
      return;
    }
    const done = await work.run(async () => {
      await codePipeline("DisableStageTransition", { pipelineName, stageName, transitionType: "Inbound", reason: reason.trim() });
    });
    props.onDone();
    if (!done) return;
    setReason("");
    tell(`The transition into ${stageName} is disabled.`);
    props.onClose();
  };
  return (
    <Dialog title={`Disable the transition into ${stageName}?`} onClose={props.onClose}>
      <p>Executions wait in front of {stageName} until the transition is enabled again. What is in the stage already goes on.</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void disable();
        }}
      >
        <div class="field">
          <label for="transition-reason">
            Reason <span class="muted">(shown to everyone; letters, digits, blanks and ! @ ( ) . * ? -)</span>
          </label>
          <input
            id="transition-reason"
            type="text"
            maxLength={reasonLimit}
            autocomplete="off"
            value={reason}
            aria-invalid={missing ? "true" : undefined}
            aria-describedby={missing ? "transition-needs" : undefined}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
          {missing ? (
            <p class="field-error" id="transition-needs" role="alert">
              Say why the transition is disabled, then press Disable again.
            </p>
          ) : null}
        </div>
        {work.error ? <Notice kind="bad">{work.error}</Notice> : null}
        <div class="buttons is-end">
          <Button onClick={props.onClose}>Leave it enabled</Button>
          <Button kind="danger" type="submit" busy={work.busy}>
            Disable the transition
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** In the stage, while nobody may go in: who closed it, when and why, and the way to open it. */
export function DisabledNote(props: { stage: StageOf; transition: Transition; onDone: () => void }) {
  const { pipelineName, stageName } = props.stage;
  const { by, changed, reason } = props.transition;
  const work = useBusy();
  const enable = () =>
    void work
      .run(async () => {
        await codePipeline("EnableStageTransition", { pipelineName, stageName, transitionType: "Inbound" });
        tell(`The transition into ${stageName} is enabled.`);
      })
      .then(props.onDone);
  return (
    <div class="stage-closed">
      <p>
        <strong>Transition disabled</strong>
        {by ? ` by ${personName(by)}` : ""}
        {changed !== undefined ? (
          <>
            {" "}
            <Age at={changed} />
          </>
        ) : null}
        {reason ? `: “${reason}”` : "."}
      </p>
      <Button busy={work.busy} onClick={enable} label={`Enable the transition into ${stageName}`}>
        Enable
      </Button>
      {work.error ? (
        <p class="field-error" role="alert">
          {work.error}
        </p>
      ) : null}
    </div>
  );
}
