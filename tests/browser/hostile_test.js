// Whatever a mail client says, it stays text: on the dashboard, on every page, in every script.
"use strict";

const assert = require("node:assert");
const { after, before, test } = require("node:test");
const { World, wait_until } = require("./harness.js");

const attacks = [
  `<script>hit("script")</script>`,
  `"><img src=x onerror=hit('img')>`,
  `'><svg/onload=hit('svg')>`,
  `javascript:hit("link")`,
  `\u202ehit()\u202c`,
  `</title></style><iframe srcdoc="<script>parent.hit()</script>">`,
];

let world;
let browser;

before(async () => {
  world = new World();
  await world.start_quipud();
  await world.start_maild("--max_errors=1000");
  const client = await world.smtp();
  for (const attack of attacks) {
    const words = attack.replaceAll(" ", "\u00a0");
    await client.say(`EHLO ${words}`);
    await client.say(`MAIL FROM:<${words}@x>`);
    await client.say(words); // an unknown verb becomes a label
  }
  client.close();
  const other = await world.smtp();
  for (const verb of ["<b>", `"'`, "<img/", "</td>", "<svg>"]) await other.say(verb);
  await other.say("EHLO \u202e<script>hit(1)</script>");
  browser = await world.browser();
});

after(() => world.stop());

test("hostile words of an SMTP client are inert on every page, also as parameters", async () => {
  const context = await browser.newContext();
  const hits = [];
  await context.exposeFunction("hit", (what) => hits.push(String(what)));
  await context.addInitScript(() => {
    globalThis.alert = globalThis.confirm = globalThis.prompt = () => globalThis.hit("dialog");
  });
  const page = await context.newPage();
  const dialogs = [];
  const refused = [];
  page.on("dialog", (dialog) => dialogs.push(dialog.message()));
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) refused.push(message.text());
  });
  const traces = await wait_until(async () => {
    const { body } = await world.get("/debug/traces?fam=SMTP.Conn&b=0&all=true", { accept: "text/html" });
    const found = [...body.matchAll(/href="(\/debug\/traces\?trace=[^"]+)"/g)];
    return found.length > 0 && found.map((one) => one[1].replaceAll("&amp;", "&"));
  }, "the traces are there");
  const seen = [];
  const q = encodeURIComponent(attacks[1]);
  for (const target of [
    "/",
    `/?add=${q}&add=${encodeURIComponent("chasquid/smtpIn/commandCount")}&range=${q}&from=${q}`,
    `/debug/traces?q=${q}&fam=${q}`,
    `/debug/traces?fam=SMTP.Conn&b=-1&all=true`,
    traces[0],
    `/debug/traces/live?q=${q}`,
    `/debug/traces/live`,
    `/debug/queue?q=${q}`,
    `/debug/variables?q=${q}`,
    "/debug/variables?q=commandCount",
    "/debug/flags",
    "/debug/config",
    "/debug/emitters",
  ]) {
    await page.goto(world.url + target);
    await page.waitForFunction(() => !document.querySelector("[data-loading]"));
    seen.push(await page.evaluate(() => document.body.textContent));
    const alien = await page.evaluate(() =>
      [...document.querySelectorAll("img, iframe, object, embed, script:not([src^='/static/']), [onerror], [onload], [href^='javascript:' i]")].map((one) => one.outerHTML),
    );
    assert.deepStrictEqual(alien, [], target);
  }
  // They did arrive: as words to read.
  const all = seen.join("\n");
  assert.match(all, /<script>hit\("script"\)<\/script>/);
  assert.match(all, /unknown<"<IMG\/">|unknown<"<img\/">/i);
  assert.doesNotMatch(all, /\u202e/);
  assert.deepStrictEqual(hits, []);
  assert.deepStrictEqual(dialogs, []);
  // Nothing even tried: the policy is the second wall, not the first.
  assert.deepStrictEqual(refused, []);
  await context.close();
});

test("hostile words that come while pages are open are inert too", async () => {
  const context = await browser.newContext();
  const hits = [];
  await context.exposeFunction("hit", (what) => hits.push(String(what)));
  const board = await context.newPage();
  await board.goto(world.url + "/");
  const tail = await context.newPage();
  await tail.goto(world.url + "/debug/traces/live");
  await wait_until(async () => /live/.test(await tail.locator("#tail-status").innerText()), "it is live");
  const client = await world.smtp();
  await client.say(`EHLO late<img src=x onerror=hit('late')>`);
  await wait_until(async () => /late<img src=x/.test(await tail.locator("#tail").innerText()), "the tail shows it as text");
  // Said again and again it becomes one of the busiest, which have lines of their own.
  await wait_until(async () => {
    for (let i = 0; i < 10; ++i) await client.say("<u>");
    return /<u>/i.test(await board.locator(".chart").first().textContent());
  }, "the legend has the verb");
  for (const page of [board, tail]) assert.strictEqual(await page.locator("main img, main u").count(), 0);
  assert.deepStrictEqual(hits, []);
  client.close();
  await context.close();
});
