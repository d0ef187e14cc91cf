// What the sections of the settings are made of: a card, a secret shown once, a
// list whose entries can be deleted.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { penstock } from "../api/client.ts";
import { tell } from "../parts/announce.tsx";
import { Button, Notice, useBusy } from "../parts/basics.tsx";
import { Dialog } from "../parts/dialog.tsx";

export function Section(props: { id: string; title: string; text: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="card" aria-labelledby={props.id}>
      <h2 id={props.id}>{props.title}</h2>
      <p class="muted">{props.text}</p>
      {props.children}
    </section>
  );
}

export function Once(props: { children: ComponentChildren; onDone: () => void }) {
  return (
    <div class="once" role="group" aria-label="Shown once">
      <p>
        <strong>Copy it now: it is not shown again.</strong>
      </p>
      {props.children}
      <Button onClick={props.onDone}>I have saved it</Button>
    </div>
  );
}

/** A list whose entries can be deleted, after a question. */
export function Entries<T>(props: {
  items: T[];
  none: string;
  id: (item: T) => string;
  line: (item: T) => ComponentChildren;
  remove: { operation: string; input: (item: T) => object; name: (item: T) => string; warning: string };
  refresh: () => void;
}) {
  const [asked, setAsked] = useState<T | null>(null);
  const work = useBusy();
  const remove = async (item: T) => {
    const done = await work.run(async () => {
      await penstock(props.remove.operation, props.remove.input(item));
    });
    props.refresh();
    if (!done) return;
    tell(`Deleted ${props.remove.name(item)}.`);
    setAsked(null);
  };
  return (
    <>
      {props.items.length ? (
        <ul class="entries">
          {props.items.map((item) => (
            <li key={props.id(item)}>
              <div class="entry">{props.line(item)}</div>
              <Button kind="quiet" label={`Delete ${props.remove.name(item)}`} onClick={() => { work.clear(); setAsked(item); }}>
                Delete…
              </Button>
            </li>
          ))}
        </ul>
      ) : (
        <p class="muted none">{props.none}</p>
      )}
      {asked ? (
        <Dialog title={`Delete ${props.remove.name(asked)}?`} onClose={() => setAsked(null)}>
          <p>{props.remove.warning}</p>
          {work.error ? <Notice kind="bad">{work.error}</Notice> : null}
          <div class="buttons is-end">
            <Button onClick={() => setAsked(null)}>Keep it</Button>
            <Button kind="danger" busy={work.busy} onClick={() => void remove(asked)}>
              Delete
            </Button>
          </div>
        </Dialog>
      ) : null}
    </>
  );
}
