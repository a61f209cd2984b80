// Real quipud, real maild, real chromium: started in a folder of their own, gone afterwards. Waiting is always for a
// condition and with a deadline.
"use strict";

const { spawn } = require("node:child_process");
const fs = require("node:fs");
const http = require("node:http");
const net = require("node:net");
const os = require("node:os");
const path = require("node:path");
const { chromium } = require("playwright-core");

const build = process.env.QUIPU_BUILD_DIR || path.join(__dirname, "..", "..", "build");
const pictures = process.env.QUIPU_PICTURES || path.join(build, "browser-pictures");

const long_ms = 30000; // for what must happen at all; the machine may be busy

async function wait_until(condition, what, ms = long_ms) {
  const deadline = Date.now() + ms;
  let seen;
  for (;;) {
    try {
      seen = await condition();
      if (seen) return seen;
    } catch (error) {
      seen = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${what}; last seen: ${seen}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

class Program {
  constructor(command, args) {
    this.log = "";
    this.has_ended = false;
    this.child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on("data", (bytes) => {
        this.log = (this.log + bytes).slice(-200000);
      });
    }
    this.ended = new Promise((resolve) => {
      this.child.on("exit", () => {
        this.has_ended = true;
        resolve();
      });
    });
  }

  async wait_for_log(pattern) {
    return wait_until(() => {
      const found = pattern.exec(this.log);
      if (!found && this.has_ended) throw new Error(`ended: ${this.log}`);
      return found;
    }, `${pattern} in the log`);
  }

  async stop(signal = "SIGTERM") {
    if (!this.has_ended) this.child.kill(signal);
    const hard = setTimeout(() => this.child.kill("SIGKILL"), 10000);
    await this.ended;
    clearTimeout(hard);
  }
}

// One connection to maild: says lines, reads the answers. Lines may be bytes (Buffer).
class Smtp {
  constructor(port) {
    this.answers = "";
    this.socket = net.connect(port, "127.0.0.1");
    this.socket.on("data", (bytes) => (this.answers += bytes.toString("latin1")));
    this.socket.on("error", () => {});
    this.seen = 0;
  }

  // The code of the next answer.
  async answer() {
    return wait_until(() => {
      const found = /^(\d{3}) .*\r\n/m.exec(this.answers.slice(this.seen));
      if (!found) return false;
      this.seen += found.index + found[0].length;
      return found[1];
    }, `an SMTP answer after ${this.answers.slice(-200)}`);
  }

  async say(line) {
    this.socket.write(Buffer.concat([Buffer.from(line), Buffer.from("\r\n")]));
    return this.answer();
  }

  close() {
    this.socket.destroy();
  }
}

class World {
  constructor() {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "quipu-browser-"));
    this.ingest = path.join(this.folder, "ingest.sock");
    this.programs = [];
    this.browsers = [];
    this.address = "127.0.0.1:0";
  }

  // Started again, it takes the same address.
  async start_quipud(...options) {
    this.quipud_options = options;
    this.quipud = new Program(path.join(build, "daemon", "quipud"), [
      `--monitoring_address=${this.address}`,
      `--ingest_socket=${this.ingest}`,
      `--state_dir=${path.join(this.folder, "state")}`,
      ...options,
    ]);
    this.programs.push(this.quipud);
    this.address = (await this.quipud.wait_for_log(/serving http=(\S+:\d+)/))[1];
    this.url = `http://${this.address}`;
  }

  async start_maild(...options) {
    const mail = path.join(this.folder, "mail");
    const queue = path.join(this.folder, "queue");
    fs.mkdirSync(queue, { recursive: true });
    this.maild = new Program(path.join(build, "subprojects", "maild", "maild"), [
      "--smtp_address=127.0.0.1:0",
      "--hostname=localhost",
      `--maildir=${mail}`,
      `--queue_dir=${queue}`,
      `--ingest_socket=${this.ingest}`,
      ...options,
    ]);
    this.programs.push(this.maild);
    this.smtp_port = Number((await this.maild.wait_for_log(/listening on 127\.0\.0\.1:(\d+)/))[1]);
  }

  async smtp() {
    const client = new Smtp(this.smtp_port);
    await client.answer();
    return client;
  }

  async send_mails(count, recipient = "user@localhost", sender = "a@localhost") {
    const client = await this.smtp();
    await client.say("EHLO client.example");
    for (let i = 0; i < count; ++i) {
      await client.say(`MAIL FROM:<${sender}>`);
      await client.say(`RCPT TO:<${recipient}>`);
      await client.say("DATA");
      await client.say("From: <a@localhost>\r\nSubject: test\r\n\r\nHello.\r\n.");
    }
    await client.say("QUIT");
    client.close();
  }

  // (status, headers, body), without the browser.
  get(target, headers = {}) {
    return new Promise((resolve, reject) => {
      http
        .get(this.url + target, { headers }, (answer) => {
          let body = "";
          answer.setEncoding("utf8");
          answer.on("data", (text) => (body += text));
          answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body }));
          answer.on("error", reject);
        })
        .on("error", reject);
    });
  }

  async vars() {
    return JSON.parse((await this.get("/debug/vars")).body);
  }

  async mails_counted(count) {
    return wait_until(
      async () => (await this.vars())["chasquid/queue/putCount"] >= count,
      `${count} mails are counted`
    );
  }

  // A browser with a profile of its own. options: as newContext's.
  async browser(...args) {
    const browser = await chromium.launch({
      executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
      chromiumSandbox: process.getuid() !== 0,
      args: [
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        ...args,
      ],
    });
    this.browsers.push(browser);
    return browser;
  }

  async stop() {
    for (const browser of this.browsers) await browser.close();
    for (const program of this.programs.reverse()) await program.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

// A page whose console errors and failed scripts fail the test that calls `assert_quiet`.
function listen(page) {
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  return complaints;
}

module.exports = { World, Program, Smtp, wait_until, listen, pictures, long_ms };
