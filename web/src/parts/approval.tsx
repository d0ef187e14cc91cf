// The gate. Stands above everything else: what goes live if you say yes, the
// comment, and the two buttons. The decision carries the token of exactly this
// question, so a newer execution cannot be approved by mistake.
import { useEffect, useRef, useState } from "preact/hooks";
import { asSentence, codePipeline } from "../api/client.ts";
import type { Approval } from "../api/types.ts";
import { useDraft } from "../storage.ts";
import { tell } from "./announce.tsx";
import { Age, Button, Notice, Outside, ShortId, Until, useBusy } from "./basics.tsx";
import { Glyph, StateIcon } from "./icons.tsx";
import { plural } from "./words.ts";

const commentLimit = 512;

export function focusApproval(): void {
  const field = document.querySelector<HTMLElement>("#approval-comment");
  field?.scrollIntoView({ block: "center" });
  field?.focus();
}

export function ApprovalPanel(props: { approval: Approval; number: number; onDecided: () => void }) {
  const { approval } = props;
  const [comment, setComment] = useDraft(`approval:${approval.token}`);
  const [asked, setAsked] = useState(false);
  const work = useBusy();
  const decided = useRef<"Approved" | "Rejected" | null>(null);
  const subject = `${approval.stageName}/${approval.actionName}`;

  useEffect(() => {
    if (location.hash === "#approve") focusApproval();
  }, []);

  const decide = async (status: "Approved" | "Rejected") => {
    const summary = comment.trim();
    if (status === "Rejected" && !summary) {
      setAsked(true);
      document.querySelector<HTMLElement>("#approval-comment")?.focus();
      return;
    }
    decided.current = status;
    const done = await work.run(async () => {
      await codePipeline("PutApprovalResult", {
        pipelineName: approval.pipelineName,
        stageName: approval.stageName,
        actionName: approval.actionName,
        token: approval.token,
        result: { summary, status },
      });
    });
    if (done) {
      setComment("");
      tell(status === "Approved" ? `Approved ${subject}. The ${approval.pause ? "deployment" : "execution"} goes on.` : `Rejected ${subject}. ${approval.pause ? "The old version comes back." : "The execution ends here."}`);
      document.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
    }
    props.onDecided();
  };

  const changes = approval.changes;
  const count = changes?.commits.length ?? 0;
  return (
    <section class="approval" id="approve" aria-labelledby="approval-title">
      <header class="approval-head">
        <h2 id="approval-title">
          <StateIcon state="waiting" />
          {approval.pipelineName} #{props.number} {approval.pause ? "waits in the middle of a deployment" : "waits for approval"}: {subject}
        </h2>
        <p>
          Asked <Age at={approval.since} />
          {approval.expires !== undefined ? (
            <span class="nobreak">
              <span aria-hidden="true"> · </span>
              expires <Until at={approval.expires} />
            </span>
          ) : null}
        </p>
      </header>
      {approval.customData ? <p class="approval-note">{approval.customData}</p> : null}
      {approval.externalEntityLink ? (
        <p>
          To review: <Outside href={approval.externalEntityLink}>{approval.externalEntityLink}</Outside>
        </p>
      ) : null}
      {approval.pause ? <p class="approval-note">{asSentence(approval.pause.sentence)}</p> : null}
      {approval.pause?.testUrl ? (
        <p>
          The new version answers at <Outside href={approval.pause.testUrl}>{approval.pause.testUrl}</Outside>
        </p>
      ) : null}
      {changes ? (
        <div class="changes">
          <h3>
            What goes live
            <span class="from-to">
              {changes.from ? <ShortId id={changes.from} /> : <span>nothing yet</span>}
              <span aria-label="to">→</span>
              <ShortId id={changes.to} />
            </span>
            <span class="changes-count">
              {changes.from ? (changes.truncated ? `more than ${plural(count, "commit")}` : plural(count, "commit")) : "the first release"}
            </span>
          </h3>
          {count ? (
            <ul class="commits" tabIndex={0} aria-label="Commits that go live">
              {changes.commits.map((commit) => (
                <li key={commit.id}>
                  <ShortId id={commit.id} />
                  <span class="commit-text">{commit.summary}</span>
                  <span class="commit-by">
                    {commit.author}, <Age at={commit.created} />
                  </span>
                </li>
              ))}
            </ul>
          ) : (
            <p class="muted">{changes.from === changes.to ? "The same commit that is live now." : "No commits to list."}</p>
          )}
          {changes.truncated ? <p class="muted">Older commits are not listed here.</p> : null}
        </div>
      ) : null}
      <div class="field">
        <label for="approval-comment">
          Comment <span class="muted">(needed to reject, kept with the decision)</span>
        </label>
        <textarea
          id="approval-comment"
          rows={2}
          maxLength={commentLimit}
          value={comment}
          aria-invalid={asked && !comment.trim() ? "true" : undefined}
          aria-describedby={asked && !comment.trim() ? "approval-needs" : undefined}
          onInput={(event) => setComment(event.currentTarget.value)}
        />
        {asked && !comment.trim() ? (
          <p class="field-error" id="approval-needs" role="alert">
            Say in the comment why you reject, then press Reject again.
          </p>
        ) : null}
      </div>
      {work.error ? <Notice kind="bad">{work.error} Your comment is kept.</Notice> : null}
      <div class="buttons">
        <Button kind="primary" busy={work.busy && decided.current === "Approved"} disabled={work.busy} onClick={() => void decide("Approved")}>
          <Glyph name="check" />
          Approve
        </Button>
        <Button kind="danger" busy={work.busy && decided.current === "Rejected"} disabled={work.busy} onClick={() => void decide("Rejected")}>
          <Glyph name="close" />
          Reject
        </Button>
        <span class="hint">
          {approval.pause ? "Approve lets the deployment go on; Reject puts the old version back." : `Your decision counts for execution #${props.number} only.`}
        </span>
      </div>
    </section>
  );
}
