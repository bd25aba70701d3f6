// Bundles the editor into one script, with the licences of what is in it: `npm ci --ignore-scripts && npm run build`.
// The output is committed, and a test builds it again. An argument is the folder to put it in instead.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const there = process.argv[2] || join(here, "..", "static", "built");

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ["src/editor.js"],
  outfile: join(there, "editor.js"),
  bundle: true,
  format: "esm",
  target: "chrome90",
  charset: "utf8",
  minify: true,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

const packages = new Set(
  Object.keys(metafile.inputs)
    .filter((path) => path.startsWith("node_modules/"))
    .map((path) => path.split("/")[1]),
);
const licences = [...packages].sort().map((name) => {
  const { version } = JSON.parse(readFileSync(join(here, "node_modules", name, "package.json"), "utf8"));
  const text = readFileSync(join(here, "node_modules", name, "LICENSE"), "utf8");
  return `${name} ${version}\n\n${text.trim()}\n`;
});
writeFileSync(join(there, "editor.LICENSES.txt"), licences.join(`\n${"-".repeat(78)}\n\n`));
