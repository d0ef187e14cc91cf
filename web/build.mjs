// Bundles the dashboard into dist/: index.html and assets/ whose names carry
// a hash of their content, so that a browser may keep them for ever.
// The page holds no inline script or style: the server's policy forbids both.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
mkdirSync("dist/assets", { recursive: true });

const result = await build({
  entryPoints: { app: "src/main.tsx" },
  outdir: "dist/assets",
  entryNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome109", "firefox115", "safari16.4"],
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  metafile: true,
});

const icon = readFileSync("src/icon.svg");
const iconName = `icon-${createHash("sha256").update(icon).digest("hex").slice(0, 8).toUpperCase()}.svg`;
writeFileSync(`dist/assets/${iconName}`, icon);

const outputs = Object.keys(result.metafile.outputs).map((path) => path.replace("dist/", "/"));
const script = outputs.find((path) => path.endsWith(".js"));
const style = outputs.find((path) => path.endsWith(".css"));

writeFileSync(
  "dist/index.html",
  readFileSync("src/index.html", "utf8")
    .replace("{{script}}", script)
    .replace("{{style}}", style)
    .replace("{{icon}}", `/assets/${iconName}`),
);

for (const [path, output] of Object.entries(result.metafile.outputs)) {
  console.log(`${path}  ${(output.bytes / 1024).toFixed(1)} KiB`);
}
