// How a thousand series feel, as figures: `node tests/browser/many.js`. Frame times while /debug/variables and the list
// of charts to add are scrolled, long tasks, and what the first view takes. A command of its own: it measures time.
"use strict";

const { World, long_ms, wait_until } = require("./harness.js");

const series = 1000;

// Scrolls `selector` (the page: "html") by a wheel, screen after screen; frame times in ms, and long tasks.
async function scroll(page, selector) {
  await page.evaluate(() => {
    globalThis.frames_ = [];
    globalThis.tasks_ = [];
    new PerformanceObserver((list) => tasks_.push(...list.getEntries().map((one) => one.duration))).observe({ entryTypes: ["longtask"] });
    let last = performance.now();
    const tick = (now) => {
      frames_.push(now - last);
      last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  const box = await page.locator(selector).first().boundingBox();
  await page.mouse.move(box.x + Math.min(box.width, 800) / 2, Math.min(box.y + 200, 600));
  for (let i = 0; i < 60; ++i) {
    await page.mouse.wheel(0, 500);
    await page.waitForTimeout(16);
  }
  const [frames, tasks] = await page.evaluate(() => [frames_.sort((a, b) => a - b), tasks_]);
  const at = (share) => frames[Math.floor((frames.length - 1) * share)].toFixed(0);
  const longest = Math.max(0, ...tasks).toFixed(0);
  return `${frames.length} frames, median ${at(0.5)} ms, 95 % ${at(0.95)} ms, longest ${at(1)} ms; ${tasks.length} long tasks, longest ${longest} ms`;
}

async function main() {
  const world = new World();
  try {
    await world.start_quipud();
    await world.start_maild("--max_errors=1000000");
    const client = await world.smtp();
    for (let i = 0; i < series; ++i) await client.say("X" + String(i).padStart(5, "0"));
    await world.send_mails(5);
    await world.mails_counted(5);
    const total = JSON.parse((await world.get("/api/v1/series?limit=1")).body).matching;
    console.log(`${total} series`);
    const browser = await world.browser();
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    context.setDefaultTimeout(long_ms);
    const page = await context.newPage();
    await page.goto(world.url + "/debug/variables");
    await page.waitForFunction(() => document.querySelector("th button"));
    console.log("/debug/variables:", await scroll(page, "html"));
    await page.goto(world.url + "/");
    await page.waitForFunction(() => !document.querySelector("[data-loading]"));
    await page.getByRole("button", { name: "Add a chart" }).click();
    await wait_until(async () => (await page.locator("#picker-list li").count()) > 0, "the list is there");
    console.log("list of charts to add:", await page.locator("#picker-list li").count(), "entries,", await scroll(page, "#picker-list"));
    for (let i = 0; i < 5; ++i) {
      const fresh = await browser.newContext({ viewport: { width: 1280, height: 900 } });
      const first = await fresh.newPage();
      await first.goto(world.url + "/");
      await first.waitForFunction(() => performance.getEntriesByName("drawn").length > 0);
      const seen = await first.evaluate(() => {
        const of = (name) => Math.round(performance.getEntriesByName(name)[0]?.startTime ?? -1);
        const [page] = performance.getEntriesByType("navigation");
        const all = performance.getEntriesByType("resource").map((one) => `${one.name.replace(/.*\/|[?].*/g, "")} ${Math.round(one.startTime)}-${Math.round(one.responseEnd)}`);
        return { html: Math.round(page.responseEnd), painted: of("first-contentful-paint"), drawn: of("drawn"), all };
      });
      console.log(`first view: html ${seen.html} ms, painted ${seen.painted} ms, curves ${seen.drawn} ms; ${seen.all.join(", ")}`);
      await fresh.close();
    }
  } finally {
    await world.stop();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
