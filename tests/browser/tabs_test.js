// Many tabs, and connections that are lost and come back.
"use strict";

const assert = require("node:assert");
const { after, before, test } = require("node:test");
const { World, long_ms, wait_until } = require("./harness.js");

let world;
let browser;

before(async () => {
  world = new World();
  await world.start_quipud();
  await world.start_maild();
  browser = await world.browser();
});

after(() => world.stop());

const total_of = async (page) =>
  Number((await page.locator(".tile .total").first().innerText()).replace(/\u00a0/g, "").match(/^\d+/)[0]);

test("eight dashboards over HTTP/1.1 share a stream, all stay fresh, and other pages are answered", async () => {
  const context = await browser.newContext();
  context.setDefaultTimeout(long_ms);
  let streams = 0;
  context.on("request", (request) => (streams += new URL(request.url()).pathname === "/api/v1/stream" ? 1 : 0));
  const tabs = [];
  for (let i = 0; i < 8; ++i) {
    const page = await context.newPage();
    await page.goto(world.url + "/");
    tabs.push(page);
  }
  await world.send_mails(3);
  for (const [i, page] of tabs.entries()) await wait_until(async () => (await total_of(page)) === 3, `tab ${i} counts 3`);
  assert.strictEqual(streams, 1);
  // A ninth tab opens another page at once: no connection is missing.
  const other = await context.newPage();
  await other.goto(world.url + "/debug/variables", { timeout: 10000 });
  // The tab that has the stream goes: the others are fresh all the same.
  await tabs[0].close();
  await world.send_mails(2);
  for (const [i, page] of tabs.slice(1).entries()) await wait_until(async () => (await total_of(page)) === 5, `tab ${i + 1} counts 5`);
  assert.strictEqual(streams, 2);
  await context.close();
});

test("eight live tails with filters of their own leave connections free, and all of them follow", async () => {
  const context = await browser.newContext();
  context.setDefaultTimeout(long_ms);
  const tabs = [];
  for (let i = 0; i < 8; ++i) {
    const page = await context.newPage();
    await page.goto(world.url + `/debug/traces/live?q=client&x=${i}`);
    tabs.push(page);
  }
  const lines = await Promise.all(tabs.map((page) => page.locator("#tail tr").count()));
  for (const page of tabs) await wait_until(async () => /live/.test(await page.locator("#tail-status").innerText()), "it follows");
  await world.send_mails(1);
  for (const [i, page] of tabs.entries()) {
    await wait_until(async () => (await page.locator("#tail tr").count()) > lines[i], `tab ${i} shows more lines`);
  }
  const page = await context.newPage();
  await page.goto(world.url + "/debug/flags", { timeout: 10000 });
  await context.close();
});

test("the live tail shows what happens, pauses and goes on", async () => {
  const context = await browser.newContext();
  context.setDefaultTimeout(long_ms);
  const page = await context.newPage();
  await page.goto(world.url + "/debug/traces/live?fam=SMTP.Conn");
  await wait_until(async () => (await page.locator("#tail-status").innerText()) === "live", "it is live");
  const client = await world.smtp();
  await client.say("EHLO first.example");
  await wait_until(async () => /first\.example/.test(await page.locator("#tail").innerText()), "the greeting is shown");
  await page.getByRole("button", { name: "Pause" }).click();
  await client.say("EHLO second.example");
  await wait_until(async () => /second\.example/.test((await world.get("/debug/traces?fam=SMTP.Conn&b=-1")).body), "quipud has it");
  assert.doesNotMatch(await page.locator("#tail").innerText(), /second\.example/);
  await page.getByRole("button", { name: "Go on" }).click();
  await wait_until(async () => (await page.locator("#tail-status").innerText()) === "live", "it is live again");
  await client.say("EHLO third.example");
  await wait_until(async () => /third\.example/.test(await page.locator("#tail").innerText()), "it goes on");
  client.close();
  await context.close();
});

test("quipud goes: the page says that it is stale; quipud comes back: the page goes on by itself", async () => {
  const context = await browser.newContext();
  context.setDefaultTimeout(long_ms);
  const page = await context.newPage();
  await page.goto(world.url + "/");
  await wait_until(async () => (await total_of(page)) >= 5, "it counts");
  const before_it = await total_of(page);
  assert.strictEqual(await page.locator("#stale").isVisible(), false);
  await world.quipud.stop();
  await page.locator("#stale").waitFor();
  assert.match(await page.locator("#stale").innerText(), /No news from quipud for \d+ s/);
  await world.start_quipud();
  await page.locator("#stale").waitFor({ state: "hidden" });
  await world.send_mails(2);
  await wait_until(async () => (await total_of(page)) === before_it + 2, "it counts on");
  await context.close();
});
