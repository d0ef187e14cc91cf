// A question that must be answered first. The browser's own <dialog> keeps the
// focus inside, closes on Escape and makes the page behind inert; we give the
// focus back to where it was.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren; wide?: boolean }) {
  const box = useRef<HTMLDialogElement>(null);
  const close = useRef(props.onClose);
  close.current = props.onClose;
  const before = useRef<Element | null>(null);

  useLayoutEffect(() => {
    before.current = document.activeElement;
    box.current?.showModal();
    return () => {
      box.current?.close();
    };
  }, []);

  useEffect(
    () => () => {
      const back = before.current;
      if (back instanceof HTMLElement && back.isConnected && back !== document.body) back.focus();
      else document.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
    },
    [],
  );

  return (
    <dialog
      ref={box}
      class={props.wide ? "dialog is-wide" : "dialog"}
      aria-labelledby="dialog-title"
      onCancel={(event) => {
        event.preventDefault();
        close.current();
      }}
      onMouseDown={(event) => {
        if (event.target === box.current) close.current();
      }}
    >
      <div class="dialog-body">
        <h2 id="dialog-title">{props.title}</h2>
        {props.children}
      </div>
    </dialog>
  );
}
