// Builds portal/static: one style sheet, one script and the icons, under names that carry a hash of their content.
// `node build.mjs --check` builds in memory and fails when the committed files differ.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "portal", "static");
const modules = join(here, "node_modules");
const files = new Map();
const manifest = {};

function add(name, bytes) {
  const dot = name.lastIndexOf(".");
  const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const hashed = `${name.slice(0, dot)}.${digest}${name.slice(dot)}`;
  manifest[name] = hashed;
  files.set(hashed, Buffer.from(bytes));
  return hashed;
}

const css = sass.compile(join(here, "scss", "madoguchi.scss"), {
  style: "compressed",
  charset: false,
  loadPaths: [modules],
  importers: [{ findFileUrl: (url) => pathToFileURL(join(modules, url)) }],
  quietDeps: true,
}).css;
// Nothing may be fetched from elsewhere, and the GDS typeface belongs to gov.uk alone.
const banned = css.match(/GDS Transport|@import|url\(["']?(https?:)?\/\/[^)]*/);
if (banned) throw new Error(`the style sheet reaches outside: ${banned[0]}`);
add("madoguchi.css", css);

const govuk = readFileSync(join(modules, "govuk-frontend/dist/govuk/govuk-frontend.min.js"), "utf8").replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n");
const govukName = add("govuk-frontend.js", govuk);
add("init.js", readFileSync(join(here, "js/init.js"), "utf8").replace("./govuk-frontend.js", `./${govukName}`));
for (const script of readdirSync(join(here, "js")).sort()) if (script !== "init.js") add(script, readFileSync(join(here, "js", script)));
for (const icon of readdirSync(join(here, "icons")).sort()) add(icon, readFileSync(join(here, "icons", icon)));

const shipped = ["govuk-frontend", "@digital-go-jp/design-tokens"];
const notices = shipped.map((name) => {
  const root = join(modules, name);
  const about = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const licence = readdirSync(root).find((file) => /^licen[cs]e/i.test(file));
  const kept = join(here, "licences", `${name}.txt`); // for a package that publishes no licence file
  const text = readFileSync(licence ? join(root, licence) : kept, "utf8").trim();
  return `${about.name} ${about.version} (${about.license})\n${"-".repeat(60)}\n${text}\n`;
});
files.set("THIRD_PARTY_NOTICES.txt", Buffer.from(
  "The style sheet and script in this folder contain parts of these packages.\n\n" + notices.join("\n")));
files.set("manifest.json", Buffer.from(JSON.stringify(manifest, null, 2) + "\n"));

if (process.argv.includes("--check")) {
  const committed = existsSync(target) ? readdirSync(target) : [];
  const wrong = [...new Set([...committed, ...files.keys()])].filter(
    (name) => !files.has(name) || !committed.includes(name) || !files.get(name).equals(readFileSync(join(target, name))));
  if (wrong.length) { console.error(`portal/static is not what frontend/ builds: ${wrong.join(", ")}`); process.exit(1); }
  console.log("portal/static is up to date");
} else {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const [name, bytes] of files) writeFileSync(join(target, name), bytes);
  console.log([...files].map(([name, bytes]) => `${name} ${bytes.length}`).join("\n"));
}
