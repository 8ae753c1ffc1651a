// Runs a command against a LOL.JOA of its own: `node with-system.mjs npm run e2e`.
// LOLJOA_BIN names the launcher; the app is served from dist/. The data is gone afterwards.
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const [command, ...args] = process.argv.slice(2);
if (!command) {
  console.error("usage: node with-system.mjs <command> [arguments]");
  process.exit(64);
}

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const builds = ["../../target/release/loljoa", "../../target/debug/loljoa"].map(here);
const launcher = process.env.LOLJOA_BIN ?? builds.find(existsSync);
if (!launcher) {
  console.error("LOLJOA_BIN is not set and no loljoa is built: run `cargo build -p loljoa`");
  process.exit(1);
}
if (!existsSync(here("../dist/index.html"))) {
  console.error("dist/ is not built: run `npm run build`");
  process.exit(1);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// PostgreSQL runs as an unprivileged user, who has to reach its data.
const home = mkdtempSync(join(tmpdir(), "loljoa-web-"));
chmodSync(home, 0o755);
const listen = `127.0.0.1:${await freePort()}`;
const options = [
  "--data-dir",
  join(home, "data"),
  "--listen",
  listen,
  "--web",
  here("../dist"),
  "--experiments",
];
const season = process.env.LOLJOA_UP_ARGS?.split(" ") ?? ["--replay-week", "3"];
const system = spawn(launcher, ["up", ...options, ...season], { stdio: ["ignore", "pipe", "inherit"] });
const gone = new Promise((resolve) => system.once("exit", resolve));

function stop() {
  system.kill("SIGTERM");
}
process.once("SIGINT", stop);
process.once("SIGTERM", stop);

async function password() {
  for await (const line of createInterface({ input: system.stdout })) {
    const found = /^\s*admin\s+\S+, password (\S+)/.exec(line);
    if (found) {
      system.stdout.resume();
      return found[1];
    }
  }
  throw new Error("loljoa up ended before it was ready");
}

let code = 1;
try {
  const env = {
    ...process.env,
    LOLJOA_URL: `http://${listen}`,
    LOLJOA_ADMIN_USERNAME: "admin",
    LOLJOA_ADMIN_PASSWORD: await password(),
  };
  const child = spawn(command, args, { stdio: "inherit", env });
  code = await new Promise((resolve) => child.once("exit", (status) => resolve(status ?? 1)));
} catch (error) {
  console.error(error.message);
} finally {
  stop();
  await gone;
  rmSync(home, { recursive: true, force: true });
}
process.exit(code);
