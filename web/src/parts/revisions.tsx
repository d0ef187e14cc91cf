// Which source an execution carries: one line in lists, all of them on its page.
import type { ExecutionSummary, Revision } from "../api/types.ts";
import { Age, Outside, ShortId } from "./basics.tsx";
import { paths } from "../router.ts";
import { Glyph } from "./icons.tsx";

/** The commit's summary; some sources put JSON there, which nobody wants to read. */
export function summaryOf(revision: Revision): string {
  const text = revision.revisionSummary ?? "";
  if (text.startsWith("{")) {
    try {
      const parsed = JSON.parse(text) as { CommitMessage?: string };
      if (parsed.CommitMessage) return firstLine(parsed.CommitMessage);
    } catch {
      // Then it is just a summary that begins with a brace.
    }
  }
  return firstLine(text);
}

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? "";

/** Says of a rollback what it goes back to. */
export function RollbackTag(props: { execution: Pick<ExecutionSummary, "pipelineName" | "executionType" | "rollbackOf"> }) {
  const { executionType, rollbackOf, pipelineName } = props.execution;
  if (executionType !== "ROLLBACK") return null;
  return (
    <span class="tag">
      Rollback
      {rollbackOf ? (
        <>
          {" "}
          to <a href={paths.execution(pipelineName, rollbackOf.pipelineExecutionId)}>#{rollbackOf.number}</a>
        </>
      ) : null}
    </span>
  );
}

export function RevisionLine(props: { execution: ExecutionSummary }) {
  const revision = props.execution.revisions[0];
  if (!revision) return <span class="muted">no revision yet</span>;
  const more = props.execution.revisions.length - 1;
  return (
    <span class="revision-line">
      <ShortId id={revision.revisionId} />
      <span class="revision-text">{summaryOf(revision)}</span>
      {more > 0 ? <span class="muted nobreak">and {more} more</span> : null}
    </span>
  );
}

export function RevisionList(props: { revisions: Revision[] }) {
  if (!props.revisions.length) return null;
  return (
    <ul class="revisions" aria-label="Revisions">
      {props.revisions.map((revision) => (
        <li key={`${revision.actionName}/${revision.artifactName}`}>
          <span class="revision-text">{summaryOf(revision) || "No summary"}</span>
          <span class="revision-facts">
            {revision.revisionUrl ? (
              <Outside href={revision.revisionUrl}>
                <ShortId id={revision.revisionId} />
              </Outside>
            ) : (
              <ShortId id={revision.revisionId} />
            )}
            {revision.branch ? (
              <span class="with-icon">
                <Glyph name="branch" />
                {revision.branch}
              </span>
            ) : null}
            {revision.author ? (
              <span class="with-icon">
                <Glyph name="person" />
                {revision.author}
              </span>
            ) : null}
            {revision.created ? <Age at={revision.created} /> : null}
            {props.revisions.length > 1 ? <span>from {revision.actionName}</span> : null}
          </span>
        </li>
      ))}
    </ul>
  );
}
