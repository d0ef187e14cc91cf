// What runs where: each stage that deploys, the services in it, since when and by whom; and one page for each with
// its earlier releases, any of which is one click away.
import { asSentence, penstock } from "../api/client.ts";
import { useLive } from "../api/live.ts";
import type { Environment, EnvironmentTarget, ExecutionName, PenstockEvent, Release } from "../api/types.ts";
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
  const { pipelineName, stageName, inStage, targets } = environment;
  const deploying = inStage?.status === "InProgress" ? inStage : undefined;
  // Most often all of it came with one execution: then that is said once.
  const [first] = targets;
  const same = first && targets.every((target) => target.execution.pipelineExecutionId === first.execution.pipelineExecutionId);
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
            <Status state="running" word={`#${deploying.number} is in the stage`} />
          </a>
        ) : null}
      </div>
      {first ? null : <p class="muted">Nothing was released here yet.</p>}
      {same ? <What pipelineName={pipelineName} {...first} /> : null}
      <ul class="environment-targets">
        {targets.map((target) => (
          <li key={target.name}>
            <Part target={target} />
            {same ? null : <What pipelineName={pipelineName} {...target} />}
            {target.replacedBy ? (
              <span class="is-replaced">
                replaced by{" "}
                <a href={paths.execution(target.replacedBy.pipelineName, target.replacedBy.execution.pipelineExecutionId)}>
                  {target.replacedBy.pipelineName} #{target.replacedBy.execution.number}
                </a>{" "}
                <Age at={target.replacedBy.since} />
              </span>
            ) : null}
          </li>
        ))}
      </ul>
    </li>
  );
}

/** Which execution brought it, which commit that was, since when, and by whom. */
function What(props: Pick<EnvironmentTarget, "execution" | "revisions" | "since"> & { pipelineName: string; startedBy?: string; approvedBy?: string; rollbackOf?: ExecutionName }) {
  const revision = props.revisions[0];
  return (
    <span class="environment-what">
      <a href={paths.execution(props.pipelineName, props.execution.pipelineExecutionId)}>#{props.execution.number}</a>
      {revision ? (
        <>
          <ShortId id={revision.revisionId} />
          <span class="revision-text">{summaryOf(revision)}</span>
        </>
      ) : null}
      <span class="muted">
        {props.rollbackOf ? `back to #${props.rollbackOf.number}, ` : ""}since <Age at={props.since} />
        {props.startedBy ? `, started by ${personName(props.startedBy)}` : ""}
        {props.approvedBy ? `, approved by ${personName(props.approvedBy)}` : ""}
      </span>
    </span>
  );
}

/** One service, function or bucket, and what was put there. */
function Part({ target }: { target: Release["targets"][number] }) {
  return (
    <>
      <span title={target.name}>{targetName(target.name)}</span>
      {target.revision ? <code>{target.revision}</code> : null}
      {target.images?.map((image) => (
        <code class="muted" key={image.container} title={image.image}>
          {shortImage(image.image.split("/").pop() ?? "")}
        </code>
      ))}
    </>
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
        <What pipelineName={name} {...release} />
        {release.current ? (
          <Status state="succeeded" word="Runs now" />
        ) : release.canRollBack ? (
          <RollBackButton stage={{ pipelineName: name, stageName: stage }} target={release.execution} onDone={props.refresh} />
        ) : release.whyNot ? (
          <span class="muted">{asSentence(release.whyNot)}</span>
        ) : null}
      </div>
      <ul class="environment-targets">
        {release.targets.map((target) => (
          <li key={target.name}>
            <Part target={target} />
          </li>
        ))}
      </ul>
    </li>
  );
}
