// Source hooks: a repository elsewhere tells this server about its pushes.
import { useState } from "preact/hooks";
import { penstock } from "../api/client.ts";
import { useLive } from "../api/live.ts";
import type { SourceHook } from "../api/types.ts";
import { Age, Button, Loading, Notice, Paste, ReadTrouble, useBusy } from "../parts/basics.tsx";
import { useDraft } from "../storage.ts";
import { Entries, Once, Section } from "./settings_parts.tsx";

export function SourceHooks() {
  const live = useLive<{ hooks: SourceHook[] }>("hooks", () => penstock("ListSourceHooks"), (event) => event.type === "repository");
  const [made, setMade] = useState<{ payloadUrl: string; secret: string; repository: string } | null>(null);
  return (
    <Section
      id="source-hooks"
      title="Source hooks"
      text="A push to a repository at GitHub starts the pipelines that name it. The server checks the signature of each delivery and fetches from the clone address."
    >
      {made ? (
        <Once onDone={() => setMade(null)}>
          <p>
            At GitHub, in <strong>{made.repository}</strong>: Settings, Webhooks, Add webhook. Content type <code>application/json</code>, and:
          </p>
          <Paste what="The payload URL" text={made.payloadUrl} />
          <Paste what="The secret" text={made.secret} />
        </Once>
      ) : null}
      <ReadTrouble error={live.error} refresh={live.refresh} have={!!live.data} />
      {live.data ? (
        <Entries
          items={live.data.hooks}
          none="No source hook yet."
          id={(hook) => hook.hookId}
          line={(hook) => (
            <>
              <span>
                <strong>{hook.repository}</strong> <span class="muted">{hook.provider}</span>
              </span>
              <span class="muted">
                {hook.lastDelivery ? (
                  <>
                    last delivery <Age at={hook.lastDelivery} />
                  </>
                ) : (
                  "no delivery yet"
                )}
              </span>
              <Paste what={`The payload URL of ${hook.repository}`} text={hook.payloadUrl} />
            </>
          )}
          remove={{
            operation: "DeleteSourceHook",
            input: (hook) => ({ hookId: hook.hookId }),
            name: (hook) => `the hook of ${hook.repository}`,
            warning: "Deliveries to its address are refused from now on. Delete the webhook at GitHub too.",
          }}
          refresh={live.refresh}
        />
      ) : live.error ? null : (
        <Loading what="the source hooks" />
      )}
      <HookForm
        onMade={(hook) => {
          setMade(hook);
          live.refresh();
        }}
      />
    </Section>
  );
}

function randomSecret(): string {
  return [...crypto.getRandomValues(new Uint8Array(32))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function HookForm(props: { onMade: (hook: { payloadUrl: string; secret: string; repository: string }) => void }) {
  const [repository, setRepository] = useDraft("hook-repository");
  const [cloneUrl, setCloneUrl] = useDraft("hook-clone-url");
  const [userName, setUserName] = useDraft("hook-user");
  const [password, setPassword] = useState("");
  const [secret, setSecret] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const work = useBusy();
  const guessed = /^[^/\s]+\/[^/\s]+$/.test(repository.trim()) ? `https://github.com/${repository.trim()}.git` : "";

  const submit = () => {
    const problem = !/^[^/\s]+\/[^/\s]+$/.test(repository.trim())
      ? "Write the repository as owner/name."
      : secret && new TextEncoder().encode(secret).length < 32
        ? "A secret of your own needs at least 32 bytes. Leave it empty and one is made for you."
        : null;
    setWrong(problem);
    if (problem) return;
    void work.run(async () => {
      const used = secret || randomSecret();
      const hook = await penstock<{ hookId: string; payloadUrl: string }>("PutSourceHook", {
        provider: "github",
        repository: repository.trim(),
        cloneUrl: cloneUrl.trim() || guessed,
        secret: used,
        ...(userName.trim() ? { cloneUserName: userName.trim() } : {}),
        ...(password ? { clonePassword: password } : {}),
      });
      props.onMade({ payloadUrl: hook.payloadUrl, secret: used, repository: repository.trim() });
      for (const clear of [setRepository, setCloneUrl, setUserName, setPassword, setSecret]) clear("");
    });
  };

  return (
    <details class="add">
      <summary>Add a source hook</summary>
      <form
        class="grid-form"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Field id="hook-repository" label="Repository" hint="owner/name" value={repository} onInput={setRepository} />
        <Field id="hook-clone" label="Clone address" hint={guessed || "https://…"} value={cloneUrl} onInput={setCloneUrl} />
        <Field id="hook-user" label="User name to clone with" hint="for private repositories" value={userName} onInput={setUserName} />
        <Field id="hook-password" label="Password or token" hint="for private repositories" secret value={password} onInput={setPassword} />
        <Field id="hook-secret" label="Webhook secret" hint="leave empty to have one made" secret value={secret} onInput={setSecret} />
        {wrong ? (
          <p class="field-error" role="alert">
            {wrong}
          </p>
        ) : null}
        {work.error ? <Notice kind="bad">{work.error}</Notice> : null}
        <Button type="submit" kind="primary" busy={work.busy}>
          Add the hook
        </Button>
      </form>
    </details>
  );
}

function Field(props: { id: string; label: string; hint: string; secret?: boolean; value: string; onInput: (text: string) => void }) {
  const common = {
    id: props.id,
    placeholder: props.hint,
    spellcheck: false,
    value: props.value,
    onInput: (event: { currentTarget: HTMLInputElement }) => props.onInput(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={props.id}>{props.label}</label>
      {props.secret ? <input type="password" autocomplete="new-password" {...common} /> : <input type="text" autocomplete="off" {...common} />}
    </div>
  );
}
