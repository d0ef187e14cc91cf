// What stands behind a deployment's verdict: what ECS said and the containers
// wrote, what was checked before, how the definition changes, where the time went.
import type { ComponentChildren } from "preact";
import type { Deployment, DiffLine, Evidence, PreflightCheck } from "../api/types.ts";
import { clockTime, duration } from "../time.ts";
import { Moment, Status, Took } from "./basics.tsx";
import { plural } from "./words.ts";

export function DeploymentLists({ deployment, live }: { deployment: Deployment; live: boolean }) {
  const { preflight = [], diff = [], timeline = [] } = deployment;
  // In order of time: what AWS tells late happened before.
  const evidence = [...(deployment.evidence ?? [])].sort((a, b) => a.at - b.at);
  const failed = preflight.filter((check) => check.status === "FAILED").length;
  return (
    <div class="deployment-lists">
      {evidence.length ? (
        <Fold title="What ECS and the containers said" note={plural(evidence.length, "line")}>
          <EvidenceList evidence={evidence} />
        </Fold>
      ) : null}
      {diff.length ? (
        <Fold title="How the task definition changes" note={changeCount(diff)}>
          <Diff lines={diff} />
        </Fold>
      ) : null}
      {preflight.length ? (
        <Fold title="Checked before the first change" note={failed ? `${failed} failed` : plural(preflight.length, "check")} open={failed > 0}>
          <Checks checks={preflight} />
        </Fold>
      ) : null}
      {timeline.length ? (
        <Fold title="Where the time went" note={<Took from={timeline[0]?.at ?? 0} to={live ? undefined : timeline[timeline.length - 1]?.at} />}>
          <Timeline entries={timeline} />
        </Fold>
      ) : null}
    </div>
  );
}

function Fold(props: { title: string; note: ComponentChildren; open?: boolean; children: ComponentChildren }) {
  return (
    <details open={props.open}>
      <summary>
        {props.title} <span class="muted">{props.note}</span>
      </summary>
      {props.children}
    </details>
  );
}

const sources: Record<Evidence["source"], string> = { EVENT: "event", TASK: "task", TARGET: "target", LOG: "log" };

function EvidenceList({ evidence }: { evidence: Evidence[] }) {
  return (
    <ol class="evidence" tabIndex={0} aria-label="What ECS and the containers said">
      {evidence.map((one, index) => (
        <li key={index}>
          <time dateTime={new Date(one.at * 1000).toISOString()}>{clockTime(one.at)}</time>
          <span class="evidence-source" title={one.subject}>
            {sources[one.source] ?? one.source} {one.source === "EVENT" ? null : <code>{shortSubject(one.subject)}</code>}
          </span>
          <span class={one.source === "LOG" ? "evidence-log" : ""}>{one.text}</span>
        </li>
      ))}
    </ol>
  );
}

/** A task's id is 32 hexadecimal digits, and its ARN longer: the first eight say enough. */
const shortSubject = (subject: string): string => (subject.split("/").pop() ?? subject).replace(/^([0-9a-f]{8})[0-9a-f]{24}$/, "$1");

const changeCount = (lines: DiffLine[]): string => {
  const count = (change: string) => lines.filter((line) => line.change === change).length;
  return `+${count("+")} −${count("-")}`;
};

function Diff({ lines }: { lines: DiffLine[] }) {
  return (
    <pre class="diff" tabIndex={0} aria-label="How the task definition changes">
      {lines.map((line, index) => (
        <span key={index} class={line.change === "+" ? "is-added" : line.change === "-" ? "is-removed" : ""}>
          {`${line.change} ${line.line}`}
        </span>
      ))}
    </pre>
  );
}

function Checks({ checks }: { checks: PreflightCheck[] }) {
  return (
    <ul class="checks">
      {checks.map((check, index) => (
        <li key={index}>
          <Status state={check.status === "OK" ? "succeeded" : check.status === "FAILED" ? "failed" : "idle"} word={check.check} />
          <span class="muted">{check.sentence}</span>
        </li>
      ))}
    </ul>
  );
}

function Timeline({ entries }: { entries: { at: number; text: string }[] }) {
  const start = entries[0]?.at ?? 0;
  return (
    <ol class="timeline">
      {entries.map((entry, index) => (
        <li key={index}>
          <span class="number muted">+{duration(entry.at - start)}</span>
          <span>{entry.text}</span>
          <span class="off-screen">
            <Moment at={entry.at} />
          </span>
        </li>
      ))}
    </ol>
  );
}
