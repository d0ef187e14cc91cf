// Starts the dashboard: who are we, then the page of the address.
import "./style/base.css";
import "./style/parts.css";
import "./style/graph.css";
import "./style/pages.css";
import "./style/deployment.css";
import "./style/log.css";
import { render } from "preact";
import { loadSession } from "./api/client.ts";
import { App } from "./app.tsx";
import { startKeys } from "./keys.ts";
import { startRouter } from "./router.ts";

startRouter();
startKeys();
render(<App />, document.getElementById("app")!);
void loadSession();
