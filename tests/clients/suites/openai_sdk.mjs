// The OpenAI SDK for JavaScript: answers whole and streamed, tools, schemas, responses, vectors, failures.
import assert from "node:assert/strict";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { can, city, target, upstream } from "./suite.mjs";

const address = { baseURL: `${target.url}/v1`, apiKey: target.key };
const client = new OpenAI({ ...address, maxRetries: 0 });
const asked = { model: target.model, messages: [{ role: "user", content: target.prompt("What is a bay?") }] };
const weather = { type: "function", function: { name: "get_weather", description: "Tell the weather.", parameters: city } };
const Bay = z.object({ name: z.string(), depth: z.number().int() });

can("chat", "an answer comes whole", async () => {
  const answer = await client.chat.completions.create(asked);

  assert.match(answer.choices[0].message.content, /What is a bay\?/);
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.ok(answer.usage.total_tokens > 0);
  assert.ok(answer._request_id);
});

can("chat", "an answer is streamed, with usage when asked", async () => {
  const options = { stream: true, stream_options: { include_usage: true } };
  let text = "";
  let last;
  for await (const chunk of await client.chat.completions.create({ ...asked, ...options })) {
    text += chunk.choices[0]?.delta?.content ?? "";
    last = chunk;
  }

  assert.match(text, /What is a bay\?/);
  assert.ok(last.usage.completion_tokens > 0);
});

can("chat", "the models are listed", async () => {
  const names = [];
  for await (const model of client.models.list()) names.push(model.id);

  assert.ok(names.includes(target.model));
});

can("tools", "a tool is run and its result is used", async () => {
  await upstream.calls("get_weather", { city: "Bergen" });
  const tool = { ...weather, function: { ...weather.function, parse: JSON.parse, function: () => "It rains." } };
  const runner = client.chat.completions.runTools({ ...asked, tools: [tool] });

  assert.match(await runner.finalContent(), /It rains\./);
});

can("tools", "a streamed tool call is whole when joined", async () => {
  const stream = client.chat.completions.stream({ ...asked, tools: [weather], tool_choice: "required" });
  const answer = await stream.finalChatCompletion();
  const [call] = answer.choices[0].message.tool_calls;

  assert.equal(call.function.name, "get_weather");
  assert.ok("city" in JSON.parse(call.function.arguments));
});

can("schema", "an answer follows a schema", async () => {
  const answer = await client.chat.completions.parse({ ...asked, response_format: zodResponseFormat(Bay, "bay") });

  assert.equal(typeof answer.choices[0].message.parsed.depth, "number");
});

can("responses", "a response comes whole", async () => {
  const response = await client.responses.create({ model: target.model, input: target.prompt("What is a bay?") });

  assert.match(response.output_text, /What is a bay\?/);
});

can("responses", "a response is streamed", async () => {
  const stream = client.responses.stream({ model: target.model, input: target.prompt("What is a bay?") });
  const response = await stream.finalResponse();

  assert.match(response.output_text, /What is a bay\?/);
});

can("embeddings", "vectors are decoded from base64", async () => {
  const answer = await client.embeddings.create({ model: target.models.embeddings, input: ["a bay", "a fjord"] });

  assert.equal(answer.data.length, 2);
  assert.ok(answer.data[0].embedding.every(Number.isFinite));
});

can("speech", "a text is spoken", async () => {
  const { speech, voice } = target.models;
  const answer = await client.audio.speech.create({ model: speech, voice, input: "A bay.", response_format: "wav" });

  assert.equal(Buffer.from(await answer.arrayBuffer()).subarray(0, 4).toString(), "RIFF");
});

can("errors", "a wrong key is told", async () => {
  const stranger = new OpenAI({ ...address, apiKey: "wrong" });

  await assert.rejects(stranger.chat.completions.create(asked), OpenAI.AuthenticationError);
});

can("errors", "an unknown model is told", async () => {
  await assert.rejects(client.chat.completions.create({ ...asked, model: "nobody/nothing" }), OpenAI.NotFoundError);
});

can("faults", "a rate limit that passes is waited for", async () => {
  await upstream.fails("retry-after:1", 1);
  const answer = await new OpenAI({ ...address, maxRetries: 3 }).chat.completions.create(asked);

  assert.ok(answer.choices[0].message.content);
});

can("faults", "a broken upstream is a server error", async () => {
  await upstream.fails("503");

  await assert.rejects(client.chat.completions.create(asked), OpenAI.InternalServerError);
});

can("faults", "a stream that breaks is an error", async () => {
  await upstream.fails("error-event:3");

  await assert.rejects(async () => {
    for await (const chunk of await client.chat.completions.create({ ...asked, stream: true })) void chunk;
  }, OpenAI.APIError);
});
