// What frames a page: the way back up, and what stands where nothing is.
import { useTab } from "./announce.tsx";
import { Glyph } from "./icons.tsx";
import { paths } from "../router.ts";

export function Crumbs(props: { trail: [text: string, href: string][] }) {
  return (
    <nav class="crumbs" aria-label="Where you are">
      <ol>
        {props.trail.map(([text, href]) => (
          <li key={href}>
            <a href={href}>{text}</a>
            <Glyph name="right" />
          </li>
        ))}
      </ol>
    </nav>
  );
}

export function Missing(props: { what: string }) {
  useTab("Not found");
  return (
    <section class="empty">
      <h1 tabIndex={-1}>There is no such page</h1>
      <p class="lead">The server does not know {props.what}. It may have been deleted or renamed.</p>
      <a class="button is-primary" href={paths.overview}>
        See all pipelines
      </a>
    </section>
  );
}
