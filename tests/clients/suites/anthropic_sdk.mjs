// The Anthropic SDK for JavaScript: answers whole and streamed, tools, thinking, counting, failures.
import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import { can, city, target, upstream } from "./suite.mjs";

const address = { baseURL: target.url, apiKey: target.key };
const client = new Anthropic({ ...address, maxRetries: 0 });
const messages = [{ role: "user", content: target.prompt("What is a bay?") }];
const asked = { model: target.model, max_tokens: 2048, messages };
const weather = { name: "get_weather", description: "Tell the weather.", input_schema: city };

const textOf = (message) => message.content.map((block) => (block.type === "text" ? block.text : "")).join("");

can("chat", "an answer comes whole", async () => {
  const answer = await client.messages.create({ ...asked, system: "Be brief." });

  assert.match(textOf(answer), /What is a bay\?/);
  assert.equal(answer.stop_reason, "end_turn");
  assert.ok(answer.usage.output_tokens > 0);
});

can("chat", "an answer is streamed", async () => {
  const stream = client.messages.stream(asked);
  let told = "";
  stream.on("text", (text) => (told += text));
  const answer = await stream.finalMessage();

  assert.match(told, /What is a bay\?/);
  assert.equal(textOf(answer), told);
});

can("tools", "a tool is called and its result is used", async () => {
  const first = await client.messages.create({ ...asked, tools: [weather], tool_choice: { type: "any" } });
  const call = first.content.find((block) => block.type === "tool_use");
  const result = { type: "tool_result", tool_use_id: call.id, content: "It rains." };
  const history = [...messages, { role: "assistant", content: first.content }, { role: "user", content: [result] }];
  const second = await client.messages.create({ ...asked, messages: history, tools: [weather] });

  assert.equal(first.stop_reason, "tool_use");
  assert.match(textOf(second), /It rains\./);
});

can("tools", "a streamed tool call is whole when joined", async () => {
  const stream = client.messages.stream({ ...asked, tools: [weather], tool_choice: { type: "any" } });
  const answer = await stream.finalMessage();
  const call = answer.content.find((block) => block.type === "tool_use");

  assert.ok("city" in call.input);
});

can("thinking", "thoughts go out and come back", async () => {
  const thinking = { type: "enabled", budget_tokens: 1024 };
  const first = await client.messages.create({ ...asked, thinking });
  const history = [...messages, { role: "assistant", content: first.content }, { role: "user", content: "And now?" }];
  const second = await client.messages.create({ ...asked, thinking, messages: history });

  assert.ok(first.content.find((block) => block.type === "thinking").signature);
  assert.match(textOf(second), /And now\?/);
});

can("counting", "tokens are counted", async () => {
  const counted = await client.messages.countTokens({ model: target.model, messages });

  assert.ok(counted.input_tokens > 0);
});

can("errors", "a wrong key is told", async () => {
  const stranger = new Anthropic({ ...address, apiKey: "wrong" });

  await assert.rejects(stranger.messages.create(asked), Anthropic.AuthenticationError);
});

can("errors", "an unknown model is told", async () => {
  await assert.rejects(client.messages.create({ ...asked, model: "nobody/nothing" }), Anthropic.NotFoundError);
});

can("faults", "a rate limit that passes is waited for", async () => {
  await upstream.fails("retry-after:1", 1);
  const answer = await new Anthropic({ ...address, maxRetries: 3 }).messages.create(asked);

  assert.ok(textOf(answer));
});

can("faults", "a broken upstream is a server error", async () => {
  await upstream.fails("529");

  await assert.rejects(client.messages.create(asked), Anthropic.InternalServerError);
});

can("faults", "a stream that breaks is an error", async () => {
  await upstream.fails("error-event:3");

  await assert.rejects(client.messages.stream(asked).finalMessage(), Anthropic.APIError);
});
