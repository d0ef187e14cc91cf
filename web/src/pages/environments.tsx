// What runs where: each stage that deploys, the services in it, since when and by whom; and one page for each with
// its earlier releases, any of which is one click away.
import { penstock } from "../api/client.ts";
import { useLive } from "../api/live.ts";
import type { Environment, EnvironmentTarget, ExecutionName, PenstockEvent, Release, Revision } from "../api/types.ts";
import { useTab } from "../parts/announce.tsx";
import { Age, Loading, ReadTrouble, ShortId, Status } from "../parts/basics.tsx";
import { targetName } from "../parts/deployment.tsx";
import { Crumbs, Missing } from "../parts/page.tsx";
import { summaryOf } from "../parts/revisions.tsx";
import { RollBackButton } from "../parts/stage_buttons.tsx";
import { personName, shortImage } from "../parts/words.ts";
import { paths } from "../router.ts";

const concerns = (event: PenstockEvent): boolean => ["action", "execution", "stage", "pipeline"].includes(event.type);

export function EnvironmentsPage() {
  useTab("Environments");
  const live = useLive<{ environments: Environment[] }>("environments", () => penstock("ListEnvironments"), concerns);
  const environments = live.data?.environments;
  return (
    <>
      <header class="page-head">
        <h1 tabIndex={-1}>Environments</h1>
      </header>
      <ReadTrouble error={live.error} refresh={live.refresh} have={!!environments} />
      {!environments && !live.error ? <Loading what="the environments" /> : null}
      {environments?.length === 0 ? (
        <section class="empty">
          <p class="lead">Nothing was deployed yet.</p>
          <p>An environment is a stage of a pipeline that deploys. It is listed here as soon as one of its deployments has succeeded.</p>
        </section>
      ) : null}
      {environments?.length ? (
        <ul class="environments">
          {environments.map((environment) => (
            <EnvironmentRow key={`${environment.pipelineName}/${environment.stageName}`} environment={environment} />
          ))}
        </ul>
      ) : null}
    </>
  );
}

function EnvironmentRow({ environment }: { environment: Environment }) {
  const { pipelineName, stageName, execution, deploying } = environment;
  return (
    <li class="environment" tabIndex={-1} data-row>
      <div class="environment-head">
        <h2>
          <a href={paths.releases(pipelineName, stageName)}>
            {pipelineName} / {stageName}
          </a>
        </h2>
        {deploying ? (
          <a href={paths.execution(pipelineName, deploying.pipelineExecutionId)}>
            <Status state="running" word={`#${deploying.number} is being deployed`} />
          </a>
        ) : null}
      </div>
      {execution ? (
        <p class="environment-what">
          <WhatRuns pipelineName={pipelineName} execution={execution} revisions={environment.revisions} />
          <span class="muted">
            {environment.since !== undefined ? (
              <>
                since <Age at={environment.since} />
              </>
            ) : null}
            <People by={environment.by} approvedBy={environment.approvedBy} />
          </span>
        </p>
      ) : (
        <p class="muted">Nothing runs here yet.</p>
      )}
      <Targets targets={environment.targets} pipelineName={pipelineName} of={execution} />
    </li>
  );
}

function WhatRuns(props: { pipelineName: string; execution: ExecutionName; revisions: Revision[] | undefined }) {
  const revision = props.revisions?.[0];
  return (
    <>
      <a href={paths.execution(props.pipelineName, props.execution.pipelineExecutionId)}>#{props.execution.number}</a>
      {revision ? (
        <>
          <ShortId id={revision.revisionId} />
          <span class="revision-text">{summaryOf(revision)}</span>
        </>
      ) : null}
    </>
  );
}

function People({ by, approvedBy }: { by: string | undefined; approvedBy: string | undefined }) {
  return (
    <>
      {by ? `, started by ${personName(by)}` : ""}
      {approvedBy ? `, approved by ${personName(approvedBy)}` : ""}
    </>
  );
}

/** Where one part runs another execution's release than the rest, that is said. */
function Targets(props: { targets: EnvironmentTarget[]; pipelineName: string; of: ExecutionName | undefined }) {
  return (
    <ul class="environment-targets">
      {props.targets.map((target) => (
        <li key={target.name}>
          <span title={target.name}>{targetName(target.name)}</span>
          {target.revision ? <code>{target.revision}</code> : null}
          {target.images?.map((image) => (
            <code class="muted" key={image.container} title={image.image}>
              {shortImage(image.image.split("/").pop() ?? "")}
            </code>
          ))}
          {target.execution && target.execution.pipelineExecutionId !== props.of?.pipelineExecutionId ? (
            <a href={paths.execution(props.pipelineName, target.execution.pipelineExecutionId)}>from #{target.execution.number}</a>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

export function ReleasesPage({ name, stage }: { name: string; stage: string }) {
  useTab(`${name} / ${stage}: releases`);
  const live = useLive<{ releases: Release[] }>(
    `releases ${name} ${stage}`,
    () => penstock("ListReleases", { pipelineName: name, stageName: stage }),
    (event) => concerns(event) && (event.pipelineName === undefined || event.pipelineName === name),
  );
  const releases = live.data?.releases;
  if (live.missing) return <Missing what={`the environment “${name} / ${stage}”`} />;
  return (
    <>
      <Crumbs
        trail={[
          ["Environments", paths.environments],
          [name, paths.pipeline(name)],
        ]}
      />
      <header class="page-head">
        <h1 tabIndex={-1}>
          Releases: {name} / {stage}
        </h1>
      </header>
      <ReadTrouble error={live.error} refresh={live.refresh} have={!!releases} />
      {!releases && !live.error ? <Loading what="the releases" /> : null}
      {releases?.length === 0 ? <p class="muted">No execution has gone through this stage yet.</p> : null}
      {releases?.length ? (
        <ol class="environments">
          {releases.map((release) => (
            <ReleaseRow key={release.execution.pipelineExecutionId} release={release} name={name} stage={stage} refresh={live.refresh} />
          ))}
        </ol>
      ) : null}
    </>
  );
}

function ReleaseRow(props: { release: Release; name: string; stage: string; refresh: () => void }) {
  const { release, name, stage } = props;
  return (
    <li class="environment" tabIndex={-1} data-row>
      <div class="environment-head">
        <p class="environment-what">
          <WhatRuns pipelineName={name} execution={release.execution} revisions={release.revisions} />
          <span class="muted">
            released <Age at={release.released} />
            <People by={release.by} approvedBy={release.approvedBy} />
          </span>
        </p>
        {release.current ? (
          <Status state="succeeded" word="Runs now" />
        ) : release.canRollBack ? (
          <RollBackButton stage={{ pipelineName: name, stageName: stage }} target={release.execution} onDone={props.refresh} />
        ) : release.whyNot ? (
          <span class="muted">{release.whyNot}</span>
        ) : null}
      </div>
      <Targets targets={release.targets} pipelineName={name} of={release.execution} />
    </li>
  );
}
