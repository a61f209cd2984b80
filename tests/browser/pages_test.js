// Every page that people look at: no violation that axe-core knows, nothing that sticks out at 360 px, no complaint of
// the browser, and a picture of each, in light and dark.
"use strict";

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const { after, before, test } = require("node:test");
const { World, listen, pictures, wait_until } = require("./harness.js");

const axe_source = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

let world;
let browser;
const pages = []; // {name, target}

before(async () => {
  world = new World();
  await world.start_quipud();
  await world.start_maild("--alias=broken=|/bin/false", "--smarthost=127.0.0.1:9", "--retry_base=1h");
  await world.send_mails(3);
  await world.send_mails(1, "broken@localhost", "user@localhost");
  await world.send_mails(2, "someone@elsewhere.example"); // stays in the queue
  const client = await world.smtp();
  await client.say("EHLO <script>alert(1)</script>");
  await client.say("NONSENSE");
  await client.say("RCPT TO:<nobody@localhost>");
  await world.mails_counted(6);
  browser = await world.browser();
  // The list of pages is the index's; what answers with HTML is looked at.
  const index = (await world.get("/", { accept: "text/html" })).body;
  const targets = new Set(["/"]);
  for (const found of index.matchAll(/<dt><a href="(\/[^"]*)"/g)) targets.add(found[1]);
  assert.ok(targets.size >= 9, `the index lists ${[...targets]}`);
  const traces = (await world.get("/debug/traces?fam=SMTP.Conn&b=0&all=true", { accept: "text/html" })).body;
  targets.add(/href="(\/debug\/traces\?trace=[^"]+)"/.exec(traces)[1].replaceAll("&amp;", "&"));
  for (const more of [
    "/debug/traces?fam=SMTP.Conn&b=0&all=true",
    "/debug/traces?fam=SMTP.Conn&lat=true",
    "/debug/traces?err=1",
    "/debug/traces/live",
    "/debug/traces?trace=none",
    "/debug/pprof/flame?type=threads",
    "/debug/threads?of=quipud",
  ]) {
    targets.add(more);
  }
  for (const target of targets) {
    const answer = await world.get(target, { accept: "text/html" });
    if (!answer.headers["content-type"].startsWith("text/html")) continue;
    const name = target === "/" ? "overview" : target.slice(1).replace(/trace=[0-9a-f-]{8,}/, "trace=ID");
    pages.push({ target, name: name.replace(/[^a-zA-Z0-9]+/g, "-") });
  }
  fs.mkdirSync(pictures, { recursive: true });
  console.log(`pictures are in ${pictures}`);
});

after(() => world.stop());

// `rules`: those alone; empty: all.
async function violations_of(page, ...rules) {
  return page.evaluate(async (only) => {
    const options = { resultTypes: ["violations"] };
    if (only.length) options.runOnly = { type: "rule", values: only };
    const result = await globalThis.axe.run(document, options);
    return result.violations.map((violation) => ({
      id: violation.id,
      help: violation.help,
      nodes: violation.nodes.slice(0, 5).map((node) => node.html.slice(0, 200) + " | " + node.failureSummary),
    }));
  }, rules);
}

// One visit a page: light, then dark, where only colours differ, then at phone width.
test("axe-core finds nothing on any page in light and dark, and nothing sticks out at 360 px", async () => {
  const found = [];
  const context = await browser.newContext({ bypassCSP: true, reducedMotion: "reduce" }); // axe is not ours
  const page = await context.newPage();
  const complaints = listen(page);
  const picture = (name, what) => page.screenshot({ path: path.join(pictures, `${name}-${what}.png`), fullPage: true });
  for (const { target, name } of pages) {
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(world.url + target);
    // Pages that stay up to date draw a little later than they load.
    await page.waitForFunction(() => !document.querySelector("[data-loading]"));
    // A class of another thing's on a table once made a row of its parts.
    const tables = await page.evaluate(() => [...document.querySelectorAll("table")].map((one) => getComputedStyle(one).display));
    for (const display of tables) if (display !== "table") found.push({ target, display });
    await page.evaluate(axe_source);
    for (const violation of await violations_of(page)) found.push({ target, ...violation });
    await picture(name, "light");
    await page.emulateMedia({ colorScheme: "dark" });
    for (const violation of await violations_of(page, "color-contrast")) found.push({ target, dark: true, ...violation });
    await picture(name, "dark");
    await page.setViewportSize({ width: 360, height: 740 });
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width > 360) found.push({ target, width });
    await picture(name, "phone");
  }
  // A page that is not there is told by the browser itself.
  found.push(...complaints.filter((complaint) => !/Failed to load resource.*40[04]/.test(complaint)));
  assert.deepStrictEqual(found, []);
  // What finds nothing must be able to: the last page, with faults put in.
  await page.evaluate(() => {
    const faint = document.createElement("p");
    faint.textContent = "hardly to be read";
    faint.style.color = "#777";
    faint.style.background = "#888";
    document.querySelector("main").prepend(document.createElement("img"), faint);
  });
  const faults = (await violations_of(page)).map((violation) => violation.id);
  assert.ok(faults.includes("image-alt") && faults.includes("color-contrast"), faults.join());
  await context.close();
});

test("every page has the same header, marks where one is, and leads to all others", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  let first;
  for (const { target } of pages) {
    await page.goto(world.url + target);
    const links = await page.$$eval("header nav a", (all) => all.map((a) => `${a.getAttribute("href")} ${a.textContent}`));
    first ??= links;
    assert.deepStrictEqual(links, first, target);
    assert.strictEqual(await page.locator("header nav a[aria-current=page]").count(), 1, target);
    assert.match(await page.locator("header .status").innerText(), /1 emitter/);
  }
  await context.close();
});

test("tables sort by a click and by keyboard, and filter by words", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(world.url + "/debug/variables");
  const column = (n) => page.$$eval("table tbody tr:not([hidden])", (rows, i) => rows.map((r) => r.cells[i].textContent), n);
  const names = await column(0);
  assert.ok(names.length > 50);
  await page.getByRole("button", { name: "Name" }).click(); // as it stands
  await page.getByRole("button", { name: "Name" }).click();
  assert.strictEqual(await page.getByRole("columnheader", { name: "Name" }).getAttribute("aria-sort"), "descending");
  const turned = await column(0);
  assert.notStrictEqual(turned[0], names[0]);
  assert.strictEqual(turned.length, names.length);
  await page.getByRole("button", { name: "Value" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  const values = (await column(3)).map((text) => Number(text.replace(/[\u00a0\s]/g, ""))).filter((n) => !Number.isNaN(n));
  assert.deepStrictEqual(values, [...values].sort((a, b) => b - a));

  await page.goto(world.url + "/debug/flags");
  await page.getByLabel("Filter").first().fill("smtp address");
  const shown = await page.$$eval("table:first-of-type tbody tr:not([hidden]) th", (cells) => cells.map((c) => c.textContent));
  assert.ok(shown.includes("-smtp_address"), shown.join());
  assert.ok(!shown.includes("-maildir"), shown.join());
  await context.close();
});

test("times have a zone, and their ages go on", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(world.url + "/debug/emitters");
  assert.match(await page.locator("dl time").first().innerText(), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
  const age = page.locator(".age").first();
  const before_it = await age.innerText();
  await wait_until(async () => (await age.innerText()) !== before_it, "the age has moved on");
  await context.close();
});

test("the link of a page can be copied", async () => {
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  const { target } = pages.find((one) => one.target.includes("trace="));
  await page.goto(world.url + target);
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  assert.strictEqual(await page.evaluate(() => navigator.clipboard.readText()), world.url + target);
  await context.close();
});

test("on paper there is no navigation, and all else", async () => {
  const context = await browser.newContext({ colorScheme: "dark" });
  const page = await context.newPage();
  await page.goto(world.url + "/debug/emitters");
  await page.emulateMedia({ media: "print" });
  assert.strictEqual(await page.locator("header nav").isVisible(), false);
  assert.strictEqual(await page.locator("main h1").isVisible(), true);
  assert.strictEqual(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(255, 255, 255)");
  await page.screenshot({ path: path.join(pictures, "emitters-print.png"), fullPage: true });
  await context.close();
});
