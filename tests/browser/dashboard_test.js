// The dashboard while maild takes mail.
"use strict";

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const { after, before, test } = require("node:test");
const { World, listen, long_ms, pictures, wait_until } = require("./harness.js");

let world;
let browser;

before(async () => {
  fs.mkdirSync(pictures, { recursive: true });
  world = new World();
  await world.start_quipud();
  browser = await world.browser();
});

after(() => world.stop());

async function open(target = "/", options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(long_ms);
  const page = await context.newPage();
  const complaints = listen(page);
  await page.goto(world.url + target);
  if (options.javaScriptEnabled !== false) await page.waitForFunction(() => !document.querySelector("[data-loading]"));
  return { context, page, complaints };
}

const tile = (page, label) => page.locator(".tile", { has: page.getByText(label, { exact: true }) });
const count_of = async (page, label) =>
  Number((await tile(page, label).locator(".total").innerText()).replace(/\u00a0/g, "").match(/^\d+/)[0]);
const window_of = (page) => page.evaluate(() => [quipu.view.from, quipu.view.to]);
const query_of = (page) => new URL(page.url()).searchParams;
// As the first chart draws them.
const range_of = (page, n = 0) => page.evaluate((i) => quipu.charts()[i].graph.xAxisRange().map((ms) => ms / 1000), n);

test("with no mail daemon ever it says how to connect one, with the socket and its mode", async () => {
  const { context, page, complaints } = await open();
  const help = page.locator(".first");
  assert.match(await help.innerText(), new RegExp(`quipud listens on ${world.ingest}, mode 0660`));
  assert.strictEqual(await help.locator("li").count(), 3);
  await page.screenshot({ path: path.join(pictures, "first-run-light.png") });
  // It notices by itself when one comes.
  await world.start_maild("--alias=broken=|/bin/false");
  await wait_until(async () => (await help.count()) === 0, "the help goes");
  await wait_until(async () => /maild.* on .*, pid \d+, up/.test(await page.locator(".who").innerText()), "maild is named");
  await wait_until(async () => (await page.locator("header .status").innerText()) === "1 emitter", "the header says so");
  assert.deepStrictEqual(complaints, []);
  await context.close();
});

test("counts rise while mail comes, to the right numbers", async () => {
  const { context, page, complaints } = await open();
  assert.strictEqual(await count_of(page, "Messages in"), 0);
  await world.send_mails(5);
  await world.send_mails(1, "broken@localhost", "user@localhost");
  await wait_until(async () => (await count_of(page, "Messages in")) === 6, "6 messages in");
  await wait_until(async () => (await count_of(page, "Bounces (DSN)")) === 1, "one bounce");
  await wait_until(async () => (await count_of(page, "Delivery attempts")) === 7, "7 attempts: one is of the bounce");
  await wait_until(async () => / \/(min|s)$/.test((await tile(page, "Messages in").locator(".value").innerText()).replace(/\u00a0/g, " ")), "a rate");
  const client = await world.smtp();
  await client.say("NOSUCHVERB");
  await wait_until(async () => (await count_of(page, "SMTP errors 5xx")) === 1, "the refusal is counted");
  await wait_until(async () => (await tile(page, "Active connections").locator(".value").innerText()) === "1", "the open connection");
  await wait_until(async () => /^SMTP\.Conn 127/.test(await tile(page, "Slowest active trace").locator(".total").innerText()), "its trace");
  client.close();
  await wait_until(async () => (await tile(page, "Active connections").locator(".value").innerText()) === "0", "it has gone");
  // The chart of commands has what was sent.
  const commands = page.locator(".chart", { hasText: "Commands" });
  await wait_until(async () => /EHLO/.test(await commands.innerText()) && /DATA/.test(await commands.innerText()), "lines for EHLO and DATA");
  // As exact as the API: the sums over the line are what maild counted.
  const sum = await wait_until(
    () => page.evaluate(() => {
      const line = [...quipu.data().series.values()].find((one) => one.name === "chasquid/smtpIn/commandCount" && one.label === "DATA");
      const all = line?.values.reduce((total, value) => total + (value ?? 0), 0);
      return all >= 5.99 ? all : false;
    }),
    "6 DATA in the data of the chart",
  );
  assert.ok(Math.abs(sum - 6) < 0.01, String(sum));
  assert.deepStrictEqual(complaints, []);
  await context.close();
});

test("dragging over one chart zooms all, the address says so, and a colleague sees the same", async () => {
  const { context, page } = await open();
  const plot = page.locator(".plot").first();
  await plot.scrollIntoViewIfNeeded();
  const box = await plot.boundingBox();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 65, { steps: 5 });
  await page.mouse.up();
  await wait_until(() => query_of(page).has("from"), "from stands in the address");
  const [from, to] = await window_of(page);
  assert.ok(to - from > 60 && to - from < 600, `${from} to ${to}`);
  for (const i of [0, 1, 2]) {
    const shown = await range_of(page, i);
    assert.ok(Math.abs(shown[0] - from) < 1 && Math.abs(shown[1] - to) < 1, `chart ${i}: ${shown}`);
  }
  const other = await open(new URL(page.url()).search ? "/" + new URL(page.url()).search : "/");
  const seen = await window_of(other.page);
  assert.ok(Math.abs(seen[0] - from) <= 1 && Math.abs(seen[1] - to) <= 1, `${seen} is not ${from} ${to}`);
  await other.context.close();
  // With the shift key it moves, and keeps its width.
  await page.keyboard.down("Shift");
  await page.mouse.move(box.x + box.width * 0.3, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 5 });
  await page.mouse.up();
  await page.keyboard.up("Shift");
  const moved = await window_of(page);
  assert.ok(moved[1] < to - 5, `${moved} is not before ${to}`);
  assert.ok(Math.abs(moved[1] - moved[0] - (to - from)) < 1);
  await page.mouse.dblclick(box.x + box.width / 2, box.y + 60);
  await wait_until(() => !query_of(page).has("from"), "a double click goes back to now");
  await context.close();
});

test("a range is chosen by a click, from 15 minutes to 30 days, and is a link", async () => {
  const { context, page } = await open();
  assert.deepStrictEqual(await page.locator(".ranges a").allInnerTexts(), ["15m", "1h", "2h", "6h", "24h", "7d", "30d"]);
  await page.getByRole("link", { name: "30d" }).click();
  await wait_until(() => query_of(page).get("range") === "30d", "the address says 30d");
  const [from, to] = await window_of(page);
  assert.strictEqual(Math.round(to - from), 30 * 86400);
  await page.reload();
  await page.waitForFunction(() => !document.querySelector("[data-loading]"));
  assert.strictEqual(await page.locator(".ranges a[aria-current]").innerText(), "30d");
  await context.close();
});

test("restarts stand as marks beside the curves, and between two lives there is a gap", async () => {
  const { context, page } = await open();
  await world.maild.stop();
  await wait_until(async () => /no mail daemon is connected|No mail daemon is connected/.test(await page.locator(".who").innerText()), "it says that none is connected");
  await new Promise((resolve) => setTimeout(resolve, 2500)); // seconds of nobody
  await world.start_maild("--alias=broken=|/bin/false");
  await wait_until(async () => /maild .*started/.test(await page.locator("#restarts").innerText()), "the start is told");
  const gap = await wait_until(
    () => page.evaluate(() => {
      const line = [...quipu.data().series.values()].find((one) => one.name === "maild/queue/length");
      if (!line) return false;
      const known = line.values.map((value) => value !== null);
      const first = known.indexOf(true);
      const last = known.lastIndexOf(true);
      return known.slice(first, last).includes(false);
    }),
    "nulls between values",
  );
  assert.strictEqual(gap, true);
  assert.ok(await page.evaluate(() => quipu.view.restarts.length >= 2));
  await context.close();
});

test("any variable becomes a chart, and stands in the address", async () => {
  const { context, page, complaints } = await open();
  const charts = await page.locator(".chart").count();
  await page.getByRole("button", { name: "Add a chart" }).click();
  const picker = page.getByRole("dialog");
  await picker.getByLabel("Find").fill("itemsWritten");
  await wait_until(async () => (await picker.locator("li").count()) === 1, "one is found");
  await picker.getByRole("checkbox").check();
  await wait_until(async () => (await page.locator(".chart").count()) === charts + 1, "a chart more");
  await page.keyboard.press("Escape");
  assert.strictEqual(query_of(page).get("add"), "chasquid/queue/itemsWritten");
  await page.reload();
  await page.waitForFunction(() => !document.querySelector("[data-loading]"));
  const added = page.locator(".chart", { hasText: "chasquid/queue/itemsWritten" });
  await added.scrollIntoViewIfNeeded();
  await wait_until(async () => (await added.locator("canvas").count()) > 0, "it is drawn");
  await added.getByRole("link", { name: "Remove" }).click();
  await wait_until(async () => (await page.locator(".chart").count()) === charts, "it has gone");
  assert.strictEqual(query_of(page).get("add"), null);
  assert.deepStrictEqual(complaints, []);
  await context.close();
});

test("everything is reached and read by keyboard alone", async () => {
  const { context, page } = await open();
  await page.keyboard.press("Tab");
  assert.strictEqual(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  await page.keyboard.press("Enter");
  const seen = new Set();
  for (let i = 0; i < 60; ++i) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate(() => {
      const at = document.activeElement;
      const outline = getComputedStyle(at).outlineStyle;
      return { name: at.getAttribute("aria-label") || at.textContent.trim(), outline, plot: at.className.includes?.("plot") };
    });
    assert.notStrictEqual(focus.outline, "none", `no focus to be seen on ${focus.name}`);
    seen.add(focus.name);
    if (focus.plot) break;
  }
  assert.ok(seen.has("1h") && seen.has("zoom in") && seen.has("Add a chart"), [...seen].join("; "));
  assert.ok([...seen].some((name) => name.startsWith("Chart of Commands")), [...seen].join("; "));
  await page.keyboard.press("ArrowLeft");
  await wait_until(async () => /^\d\d:\d\d:\d\d: /.test(await page.locator("#said").innerText()), "values are told");
  const there = await page.evaluate(() => quipu.view.cursor);
  await page.keyboard.press("ArrowLeft");
  assert.strictEqual(await page.evaluate(() => quipu.view.cursor), there - 1);
  const at = await page.locator(".chart .at").first().innerText();
  assert.match(at, /^\d\d:\d\d:\d\d$/);
  const [from, to] = await window_of(page);
  await page.keyboard.press("+");
  const [zoomed_from, zoomed_to] = await window_of(page);
  assert.ok(zoomed_to - zoomed_from < (to - from) * 0.6);
  await page.keyboard.press("PageUp");
  assert.ok((await window_of(page))[1] < zoomed_to);
  await page.keyboard.press("End");
  await wait_until(() => !query_of(page).has("from"), "End goes to now");
  await context.close();
});

test("without JavaScript there are tiles, and tables of values and rates in the place of curves", async () => {
  const { context, page } = await open("/?add=chasquid/queue/putCount", { javaScriptEnabled: false });
  const mails = (await world.vars())["chasquid/queue/putCount"];
  assert.strictEqual(await count_of(page, "Messages in"), 6);
  const codes = await page.locator(".chart", { hasText: "Response codes" }).locator("tbody tr").allInnerTexts();
  const vars = (await world.vars())["chasquid/smtpIn/responseCodeCount"];
  const shown = Object.fromEntries(codes.map((row) => row.split(/\s*\t\s*/)).map(([code, , total]) => [code, Number(total)]));
  assert.strictEqual(shown["250"], vars["250"]);
  assert.strictEqual(await page.locator(".plot:visible").count(), 0);
  const added = page.locator(".chart", { hasText: "chasquid/queue/putCount" });
  assert.match(await added.locator("tbody tr").innerText(), new RegExp(`\\t${mails}$`));
  await page.getByRole("textbox", { name: "Add a chart" }).fill("chasquid/queue/itemsWritten");
  await page.getByRole("button", { name: "Add" }).click();
  assert.strictEqual(await page.locator(".chart .remove").count(), 2);
  await page.getByRole("link", { name: "Remove chasquid/queue/putCount" }).click();
  assert.strictEqual(await page.locator(".chart .remove").count(), 1);
  await page.screenshot({ path: path.join(pictures, "overview-without-javascript.png"), fullPage: true });
  await context.close();
});

test("dark by the system's preference, also when that changes; from phone to 4K; pictures of each", async () => {
  const { context, page, complaints } = await open();
  await page.setViewportSize({ width: 1280, height: 2600 }); // what is far out of sight is not drawn
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.screenshot({ path: path.join(pictures, "dashboard-light.png"), fullPage: true });
  await page.emulateMedia({ colorScheme: "dark" });
  await wait_until(async () => (await paper()) !== light, "the paper is dark");
  await page.screenshot({ path: path.join(pictures, "dashboard-dark.png"), fullPage: true });
  for (const [name, width, height] of [["phone", 360, 5200], ["4k", 3840, 2160]]) {
    await page.setViewportSize({ width, height });
    await wait_until(
      () => page.evaluate(() => [...document.querySelectorAll(".plot canvas")].every((c) => c.getBoundingClientRect().right <= innerWidth)),
      "the charts fit",
    );
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width);
    await page.screenshot({ path: path.join(pictures, `dashboard-${name}.png`), fullPage: name === "phone" });
  }
  assert.deepStrictEqual(complaints, []);
  await context.close();
});

test("the first view is under 200 KiB", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  let bytes = 0;
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  session.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  await page.goto(world.url + "/");
  await page.waitForFunction(() => !document.querySelector("[data-loading]"));
  await page.waitForFunction(() => document.querySelectorAll(".plot canvas").length > 0);
  const ms = await page.evaluate(() => ({
    painted: Math.round(performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1),
    drawn: Math.round(performance.getEntriesByName("drawn")[0]?.startTime ?? -1),
  }));
  console.log(`first view: ${bytes} bytes, painted after ${ms.painted} ms, curves after ${ms.drawn} ms`);
  assert.ok(bytes > 20000 && bytes < 200 * 1024, `${bytes} bytes`);
  await context.close();
});
