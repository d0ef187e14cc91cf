// Who does the work: every runner, when it was seen last and what it is doing.
import { useState } from "preact/hooks";
import { penstock } from "../api/client.ts";
import { useLive } from "../api/live.ts";
import type { Runner } from "../api/types.ts";
import { tell, useTab } from "../parts/announce.tsx";
import { Age, Button, Loading, Notice, Paste, ReadTrouble, Until, useBusy } from "../parts/basics.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Glyph } from "../parts/icons.tsx";
import { plural } from "../parts/words.ts";
import { paths } from "../router.ts";

interface JoinToken {
  token: string;
  expires: number;
  command: string;
}

export function RunnersPage() {
  useTab("Runners");
  const live = useLive<{ runners: Runner[] }>("runners", () => penstock("ListRunners"), (event) => ["runner", "job", "action", "build"].includes(event.type));
  const [join, setJoin] = useState<JoinToken | null>(null);
  const [leaving, setLeaving] = useState<Runner | null>(null);
  const work = useBusy();
  const runners = live.data?.runners;
  const add = () => void work.run(async () => setJoin(await penstock<JoinToken>("CreateJoinToken")));
  return (
    <>
      <header class="page-head">
        <h1 tabIndex={-1}>Runners</h1>
        <div class="buttons">
          <Button kind="primary" busy={work.busy} onClick={add}>
            Add a runner
          </Button>
        </div>
      </header>
      {work.error ? <Notice kind="bad">{work.error}</Notice> : null}
      {join ? (
        <section class="card is-secret" aria-labelledby="join-title">
          <h2 id="join-title">Add a runner</h2>
          <p>
            Paste this line on the machine that shall do the work. It needs Docker, and must reach this server over HTTP. The line works once and expires <Until at={join.expires} />.
          </p>
          <Paste text={join.command} what="The command that adds a runner" />
          <div class="buttons">
            <Button onClick={() => setJoin(null)}>Done</Button>
            <span class="hint">The runner appears below as soon as it has joined.</span>
          </div>
        </section>
      ) : null}
      <ReadTrouble error={live.error} refresh={live.refresh} have={!!runners} />
      {!runners && !live.error ? <Loading what="the runners" /> : null}
      {runners?.length === 0 ? (
        <section class="empty">
          <p class="lead">No runner has joined yet.</p>
          <p>
            A runner fetches sources, runs builds in containers and talks to AWS. It needs no open port: it asks this server for work. Press <strong>Add a runner</strong> for the one line
            to paste.
          </p>
        </section>
      ) : null}
      {runners?.length ? (
        <ul class="runners">
          {runners.map((runner) => (
            <RunnerRow key={runner.runnerId} runner={runner} onRemove={() => setLeaving(runner)} />
          ))}
        </ul>
      ) : null}
      {leaving ? <RemoveDialog runner={leaving} onClose={() => setLeaving(null)} onDone={live.refresh} /> : null}
    </>
  );
}

function RunnerRow({ runner, onRemove }: { runner: Runner; onRemove: () => void }) {
  const online = runner.status === "online";
  const jobs = runner.currentJobs ?? [];
  return (
    <li class="runner-row" tabIndex={-1} data-row>
      <span class={online ? "dot-word is-online" : "dot-word is-offline"}>
        <span class="dot" aria-hidden="true" />
        {online ? "Online" : "Offline"}
      </span>
      <span class="runner-name">
        <strong>{runner.name}</strong>
        <span class="muted">
          {runner.version ? `version ${runner.version}, ` : ""}
          joined <Age at={runner.created} />
        </span>
      </span>
      <span class="runner-jobs">
        {jobs.length ? (
          jobs.map((job, i) => <Job key={i} job={job} />)
        ) : (
          <span class="muted">{online ? "idle" : "no work"}</span>
        )}
      </span>
      <span class="muted nobreak">{runner.lastSeen ? <>seen <Age at={runner.lastSeen} /></> : "never seen"}</span>
      <Button kind="quiet" onClick={onRemove} label={`Remove the runner ${runner.name}`}>
        Remove…
      </Button>
    </li>
  );
}

function Job({ job }: { job: NonNullable<Runner["currentJobs"]>[number] }) {
  const words = job.pipelineName ? `${job.pipelineName}: ${job.stageName}/${job.actionName}` : `build ${job.buildId ?? ""}`;
  if (!job.pipelineName) return <span>{words}</span>;
  const to =
    job.pipelineExecutionId && job.stageName && job.actionName
      ? paths.action(job.pipelineName, job.pipelineExecutionId, job.stageName, job.actionName)
      : paths.pipeline(job.pipelineName);
  return <a href={to}>{words}</a>;
}

function RemoveDialog(props: { runner: Runner; onClose: () => void; onDone: () => void }) {
  const work = useBusy();
  const jobs = props.runner.currentJobs?.length ?? 0;
  const remove = async () => {
    const done = await work.run(async () => {
      await penstock("RemoveRunner", { runnerId: props.runner.runnerId });
    });
    props.onDone();
    if (!done) return;
    tell(`Removed the runner ${props.runner.name}.`);
    props.onClose();
  };
  return (
    <Dialog title={`Remove ${props.runner.name}?`} onClose={props.onClose}>
      <p>
        Its token stops working at once. {jobs ? `The ${plural(jobs, "job")} it is doing now goes to another runner. ` : ""}
        To bring it back, add it again with a new line.
      </p>
      {work.error ? <Notice kind="bad">{work.error}</Notice> : null}
      <div class="buttons is-end">
        <Button onClick={props.onClose}>Keep it</Button>
        <Button kind="danger" busy={work.busy} onClick={() => void remove()}>
          <Glyph name="close" />
          Remove
        </Button>
      </div>
    </Dialog>
  );
}
