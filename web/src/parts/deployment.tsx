// What a deployment is doing, above its log: from what to what, how far, why it
// does not get on, and how it was undone. The lists behind it are folded.
import type { ComponentChildren } from "preact";
import type { Cause, Deployment, DeploymentTarget } from "../api/types.ts";
import { asSentence } from "../api/client.ts";
import { Age, Notice, Status } from "./basics.tsx";
import { DeploymentLists } from "./deployment_lists.tsx";
import { personName, plural, shortImage } from "./words.ts";
import { duration } from "../time.ts";

export function DeploymentPanel(props: { deployment: Deployment; live: boolean }) {
  const { deployment, live } = props;
  return (
    <section class="deployment" aria-label="The deployment">
      <Targets targets={deployment.targets ?? []} strategy={deployment.strategy} />
      {deployment.cancel ? <Undo cancel={deployment.cancel} /> : null}
      {deployment.cause ? <CauseNotice cause={deployment.cause} live={live && !deployment.cancel} undone={deployment.cancel?.ended !== undefined} /> : null}
      {live ? <Traffic deployment={deployment} /> : null}
      {deployment.tasks && deployment.cancel?.ended === undefined ? <Tasks tasks={deployment.tasks} live={live} /> : null}
      {deployment.probe ? <Probe probe={deployment.probe} /> : null}
      <DeploymentLists deployment={deployment} live={live} />
    </section>
  );
}

/** Also on the execution's page: who looks there need not search for the action. */
export function CauseNotice(props: { cause: Cause; live: boolean; undone?: boolean; action?: ComponentChildren }) {
  const { cause } = props;
  const kind = props.live ? "warn" : props.undone ? "info" : "bad";
  return (
    <Notice kind={kind} action={props.action}>
      <strong>{props.live ? "It does not get on: " : "Why it did not get on: "}</strong>
      {asSentence(cause.sentence)} {cause.change ? <span>{asSentence(cause.change)}</span> : null}
      {cause.evidence ? <code class="evidence-line">{cause.evidence}</code> : null}
      <span class="muted">
        First seen <Age at={cause.since} />.
      </span>
    </Notice>
  );
}

const strategies: Record<string, string> = {
  ROLLING: "rolling",
  BLUE_GREEN: "blue/green",
  CANARY: "canary",
  LINEAR: "linear",
  DAEMON: "one task on each instance",
  CODE_DEPLOY: "CodeDeploy",
};

/** "ecs/eu-west-1/prod/shop" is "prod/shop" to people. */
export const targetName = (name: string): string => name.split("/").slice(name.startsWith("ecs/") ? 2 : 1).join("/") || name;

function Targets(props: { targets: DeploymentTarget[]; strategy: string | undefined }) {
  if (!props.targets.length) return null;
  return (
    <ul class="deployment-targets">
      {props.targets.map((target) => (
        <li key={target.name}>
          <strong title={target.name}>{targetName(target.name)}</strong>
          {target.from || target.to ? (
            <span class="from-to">
              <code>{target.from ?? "nothing yet"}</code>
              <span aria-label="to">→</span>
              <code>{target.to ?? "not registered yet"}</code>
            </span>
          ) : null}
          {props.strategy ? <span class="muted">{strategies[props.strategy] ?? props.strategy}</span> : null}
          {target.images?.map((image) => (
            <span class="deployment-image muted" key={image.container}>
              {image.container}: <code title={image.image}>{shortImage(image.image)}</code>
            </span>
          ))}
        </li>
      ))}
    </ul>
  );
}

function Undo({ cancel }: { cancel: NonNullable<Deployment["cancel"]> }) {
  const who = cancel.by ? ` by ${personName(cancel.by)}` : "";
  if (cancel.ended === undefined) {
    return (
      <p class="deployment-undo">
        <Status state="cancelling" word={`Being undone${who}: ${cancel.sentence ?? `back to ${cancel.from}`}`} />
      </p>
    );
  }
  return (
    <Notice kind="info">
      {asSentence(cancel.sentence ?? `Undone${who}`)} {cancel.by ? `Asked by ${personName(cancel.by)}` : "Asked"} <Age at={cancel.asked} />
      {cancel.seconds !== undefined ? `, done after ${duration(cancel.seconds)}` : ""}
      {cancel.how ? ` (${cancel.how})` : ""}.
    </Notice>
  );
}

/** Where a blue/green, canary or linear deployment stands. */
function Traffic({ deployment }: { deployment: Deployment }) {
  const { stage, trafficPercent } = deployment;
  if (!stage && trafficPercent === undefined) return null;
  const share = trafficPercent === undefined ? "" : `${trafficPercent}% of the traffic goes to the new version`;
  return (
    <div class="deployment-traffic">
      {trafficPercent !== undefined ? <meter min={0} max={100} value={trafficPercent} aria-label={share} /> : null}
      <span>{[stage?.toLowerCase().replaceAll("_", " "), share].filter(Boolean).join(": ")}</span>
    </div>
  );
}

function Tasks({ tasks, live }: { tasks: NonNullable<Deployment["tasks"]>; live: boolean }) {
  const parts = [
    `${tasks.running} of ${plural(tasks.desired, "new task")} running`,
    tasks.pending ? `${tasks.pending} starting` : "",
    tasks.failed ? `${tasks.failed} failed` : "",
    tasks.old ? `${plural(tasks.old, "old task")} left` : "",
  ].filter(Boolean);
  return (
    <div class="deployment-tasks">
      {live && tasks.desired ? (
        <span class="task-bar" aria-hidden="true">
          {Array.from({ length: Math.min(tasks.desired, 40) }, (_, n) => (
            <i key={n} class={n < tasks.running ? "is-running" : n < tasks.running + tasks.pending ? "is-pending" : ""} />
          ))}
        </span>
      ) : null}
      <span class={tasks.failed ? "is-bad" : ""}>{parts.join(", ")}</span>
    </div>
  );
}

function Probe({ probe }: { probe: NonNullable<Deployment["probe"]> }) {
  const bad = probe.failed404 + probe.failedOther;
  const words = `${plural(probe.asked, "request")} for the old page’s files`;
  if (!bad) return <p class="muted">{words}: every one was answered.</p>;
  return (
    <Notice kind="warn">
      {words}: {probe.failed404} got 404, {probe.failedOther} failed otherwise.
    </Notice>
  );
}
