// A dashboard that is left open leaves nothing behind. ?speed=10 makes it live ten times as fast: it asks ten times as
// often, and what it shows, 15 minutes else, is full and moves on after 90 s. Here for some seconds; `node tests/browser/leak_test.js 10` does it for ten minutes, and says
// what quipud spends on five dashboards.
"use strict";

const assert = require("node:assert");
const fs = require("node:fs");
const { after, before, test } = require("node:test");
const { World, long_ms, wait_until } = require("./harness.js");

const minutes = Number(process.argv[2]) || 0.15;
let world;
let browser;

before(async () => {
  world = new World();
  await world.start_quipud();
  await world.start_maild();
  // All kinds of traces have their charts before the first look.
  await world.send_mails(2);
  await world.mails_counted(2);
  await wait_until(async () => /Latency of SMTP\.Conn/.test((await world.get("/")).body), "its latency has a chart");
  browser = await world.browser("--js-flags=--expose-gc");
});

after(() => world.stop());

// Seconds of one core that the process has used.
function cpu_of(pid) {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

test(`the heap stays flat over ${minutes} minutes at ten times the speed`, async () => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(long_ms);
  const page = await context.newPage();
  await page.goto(world.url + "/?speed=10");
  await page.waitForFunction(() => !document.querySelector("[data-loading]"));
  const session = await context.newCDPSession(page);
  await session.send("HeapProfiler.enable");
  await session.send("Performance.enable");
  const measure_once = async () => {
    await session.send("HeapProfiler.collectGarbage");
    await session.send("HeapProfiler.collectGarbage");
    const { metrics } = await session.send("Performance.getMetrics");
    const of = (name) => metrics.find((one) => one.name === name).value;
    return { heap: of("JSHeapUsedSize"), nodes: of("Nodes"), listeners: of("JSEventListeners") };
  };
  // The least of three: one may fall into the moment of a redraw.
  const measure = async () => {
    const all = [];
    for (let i = 0; i < 3; ++i) {
      all.push(await measure_once());
      await page.waitForTimeout(200);
    }
    const least = (name) => Math.min(...all.map((one) => one[name]));
    return { heap: least("heap"), nodes: least("nodes"), listeners: least("listeners") };
  };
  let asked = 0;
  page.on("request", (request) => (asked += request.url().includes("/api/v1/history") ? 1 : 0));
  const period_ms = minutes * 60000;
  const steps = Math.max(4, Math.round(minutes * 4));
  const seen = [];
  const begin = Date.now();
  for (let i = 1; i <= steps; ++i) {
    await world.send_mails(2);
    await wait_until(() => Date.now() - begin >= (period_ms * i) / steps, "time passes", period_ms + long_ms);
    seen.push(await measure());
  }
  const points = await page.evaluate(() => quipu.data().times.length);
  console.log(`heap ${seen.map((one) => Math.round(one.heap / 1024)).join(" ")} KiB; nodes ${seen.map((one) => one.nodes).join(" ")}; ` +
    `listeners ${seen.map((one) => one.listeners).join(" ")}; ${asked} questions; ${points} points`);
  assert.ok(asked > 8, `${asked} questions`);
  assert.ok(points <= 100, `${points} points for 90 seconds`);
  // After a quarter (of ten minutes: when 90 s are full) nothing more comes; a megabyte is what heaps breathe.
  const first = seen[Math.floor(seen.length / 4)];
  const last = seen.at(-1);
  assert.ok(last.heap < first.heap + 1024 * 1024, `heap ${first.heap} to ${last.heap}`);
  assert.ok(last.nodes < first.nodes + 100, `nodes ${first.nodes} to ${last.nodes}`);
  assert.ok(last.listeners < first.listeners + 20, `listeners ${first.listeners} to ${last.listeners}`);
  await context.close();
});

if (minutes >= 1) {
  test("what quipud spends on five open dashboards", async () => {
    const cpu = async (ms) => {
      const used = cpu_of(world.quipud.child.pid);
      const begin = Date.now();
      await new Promise((resolve) => setTimeout(resolve, ms));
      return ((cpu_of(world.quipud.child.pid) - used) / ((Date.now() - begin) / 1000)) * 100;
    };
    const idle = await cpu(60000);
    const tabs = [];
    for (let i = 0; i < 5; ++i) {
      const context = await browser.newContext(); // another browser each: nothing is shared
      const page = await context.newPage();
      await page.goto(world.url + "/");
      tabs.push(context);
    }
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const busy = await cpu(60000);
    console.log(`quipud: ${idle.toFixed(2)} % of a core with none, ${busy.toFixed(2)} % with five`);
    for (const context of tabs) await context.close();
    assert.ok(busy < 1, `${busy} %`);
  });
}
